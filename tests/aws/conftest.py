"""Fixtures of the AWS tests. They need terraform, a JDK and the jars; without these, tests are skipped.

With CI=true a missing requirement is a failure instead.
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

# The ids that the app may read in the small library of deploy/local/spotify.
PLAYLISTS = ("1playlistMorning000000", "1playlistKitchen000000", "1playlistBrief00000000", "1playlistEmpty00000000")


def lacking(what: str) -> NoReturn:
    """Skip the test with this message; fail it if CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} (with CI=true the test is not skipped)", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def spark_on_glue() -> None:
    """Requires Java, its compiler and the jars, with which jobs run as on Glue."""
    if shutil.which("java") is None:
        lacking("there is no java: install a JDK 17 to run jobs as on Glue")
    try:
        jars()
    except JarsError as error:
        lacking(f"the jars that Spark needs to run as on Glue cannot be made: {error}")


@pytest.fixture(scope="session", autouse=True)
def terraform_providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Lets Terraform load its provider from the user's settings, else from a local mirror, else from the registry."""
    settings = provider_settings(tmp_path_factory.mktemp("terraform settings"))
    with pytest.MonkeyPatch.context() as environment:
        if settings:
            environment.setenv("TF_CLI_CONFIG_FILE", str(settings))
        environment.setenv("CHECKPOINT_DISABLE", "true")
        yield


@pytest.fixture(scope="session")
def spotify() -> Iterator[SpotifyStub]:
    """The Spotify stub with the small library on its first day."""
    with SpotifyStub(Catalogue(size="small"), stall_seconds=60) as stub:
        yield stub


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory, spotify: SpotifyStub) -> Iterator[LocalAws]:
    """The local AWS, whose Lambda functions call the stub instead of Spotify."""
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
    terraform_providers: None,  # must run first
    tmp_path_factory: pytest.TempPathFactory,
) -> Application:
    """A running `terraform apply` of the stack on the local AWS."""
    tags = {"owner": "data"}
    variables = {"env": "test", "busy_wait_seconds": 2, "playlists": PLAYLISTS, "crawler": True, "tags": tags}
    return Application(tmp_path_factory.mktemp("applied"), local_aws.environment, variables)


@pytest.fixture(scope="session", autouse=True)
def early_application(request: pytest.FixtureRequest) -> None:
    """Starts Terraform before the first test if any test needs the applied stack, because applying takes a minute."""
    if any("stack" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("application")


@pytest.fixture(scope="session")
def stack(application: Application, local_aws: LocalAws, spark_on_glue: None) -> Stack:
    """deploy/aws/terraform, applied once to the local AWS."""
    if shutil.which("terraform") is None:
        lacking("there is no terraform: install 1.10 or later to apply deploy/aws/terraform to a local AWS")
    return Stack(local_aws, application.outputs())
