"""What the tests of AWS need beside Python: terraform, a JDK, and the jars; where one is missing they are skipped.

With CI=true nothing is skipped: what is missing there is a failure.
"""

import os
import shutil
from collections.abc import Iterator
from typing import NoReturn

import pytest

from deploy.local.aws.jars import JarsError, jars
from deploy.local.aws.server import LocalAws
from deploy.local.spotify import Catalogue, SpotifyStub
from tests.aws.applied import Application, Stack, provider_settings

# The small library of deploy/local/spotify, as its app may read it.
PLAYLISTS = ("1playlistMorning000000", "1playlistKitchen000000", "1playlistBrief00000000", "1playlistEmpty00000000")


def lacking(what: str) -> NoReturn:
    """Skips the test with this line; with CI=true fails it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} (with CI=true this is no reason to skip)", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def spark_on_glue() -> None:
    """Java, its compiler and the jars are there, so that jobs can run as on Glue."""
    if shutil.which("java") is None:
        lacking("there is no java: install a JDK 17 to run jobs as on Glue")
    try:
        jars()
    except JarsError as error:
        lacking(f"the jars that Spark needs to run as on Glue cannot be made: {error}")


@pytest.fixture(scope="session", autouse=True)
def terraform_providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Terraform finds its provider: where its settings say, else in a mirror on this machine, else in the registry."""
    settings = provider_settings(tmp_path_factory.mktemp("terraform settings"))
    with pytest.MonkeyPatch.context() as environment:
        if settings:
            environment.setenv("TF_CLI_CONFIG_FILE", str(settings))
        environment.setenv("CHECKPOINT_DISABLE", "true")
        yield


@pytest.fixture(scope="session")
def spotify() -> Iterator[SpotifyStub]:
    """The stub of Spotify's API with the small library, as on its first day."""
    with SpotifyStub(Catalogue(size="small"), stall_seconds=60) as stub:
        yield stub


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory, spotify: SpotifyStub) -> Iterator[LocalAws]:
    """The local AWS, whose Lambda functions find the stub instead of Spotify."""
    stub_environment = {
        "SPOTIFY_API_URL": f"{spotify.url}/v1",
        "SPOTIFY_ACCOUNTS_URL": spotify.url,
        "SPOTIFY_MIN_REQUEST_INTERVAL": "0",
    }
    with LocalAws(tmp_path_factory.mktemp("local-aws"), function_environment=stub_environment) as aws:
        yield aws


@pytest.fixture(scope="session")
def application(
    local_aws: LocalAws,
    terraform_providers: None,  # first of all
    tmp_path_factory: pytest.TempPathFactory,
) -> Application:
    """Terraform at work on the local AWS."""
    tags = {"owner": "data"}
    variables = {"env": "test", "busy_wait_seconds": 2, "playlists": PLAYLISTS, "crawler": True, "tags": tags}
    return Application(tmp_path_factory.mktemp("applied"), local_aws.environment, variables)


@pytest.fixture(scope="session", autouse=True)
def early_application(request: pytest.FixtureRequest) -> None:
    """Terraform begins before the first test if any test needs the applied stack: it waits for a minute, mostly."""
    if any("stack" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("application")


@pytest.fixture(scope="session")
def stack(application: Application, local_aws: LocalAws, spark_on_glue: None) -> Stack:
    """deploy/aws/terraform, applied to the local AWS once."""
    if shutil.which("terraform") is None:
        lacking("there is no terraform: install 1.10 or later to apply deploy/aws/terraform to a local AWS")
    return Stack(local_aws, application.outputs())
