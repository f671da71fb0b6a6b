"""docker-compose.yml without a container engine: it follows the schema, its names exist, and its programs run."""

import importlib.util
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

from extract_lambda.settings import _THREE, _VARIABLES
from glue_jobs.explode_playlists import parse_arguments
from tests import waiting
from tests.waiting import PATIENCE, finished, wait_for

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
TEXT = FILE.read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
WORKSPACE = "/home/hadoop/workspace/"  # of AWS's Glue image
DCLINT = "dclint@3.1.0"


def dclint(file: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter, which checks the file against the schema of the Compose Specification."""
    npx = shutil.which("npx")
    reason = "there is no npx: docker-compose.yml is not linted"
    if npx is None and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if npx is None:
        pytest.skip(reason)
    command = [npx, "--yes", DCLINT, "--max-warnings", "0", "--formatter", "json", str(file)]
    return finished(command)


def test_the_linter_finds_nothing() -> None:
    done = dclint(FILE)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("tag", ["5.1.0", "6.0.0"])
def test_the_job_and_its_tests_use_the_glue_image_of_one_variable(tag: str, tmp_path: Path) -> None:
    text = TEXT.replace("${GLUE_TAG:-5.1.0}", tag)
    services = yaml.safe_load(text)["services"]
    (tmp_path / "docker-compose.yml").write_text(text)

    assert {services[name]["image"] for name in ("glue", "glue-tests")} == {f"public.ecr.aws/glue/aws-glue-libs:{tag}"}
    done = dclint(tmp_path / "docker-compose.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_checks_the_schema(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text(TEXT.replace("    healthcheck:\n", "    healtcheck:\n", 1))

    done = dclint(tmp_path / "docker-compose.yml")

    [file] = json.loads(done.stdout)
    assert "invalid-schema" in {message["rule"] for message in file["messages"]}


def test_no_port_is_open_to_the_network_and_every_image_is_pinned() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    base = re.findall(r"^FROM (\S+)$", SERVICES["aws"]["build"]["dockerfile_inline"], re.MULTILINE)

    assert ports == ["127.0.0.1:${AWS_PORT:-5000}:5000", "127.0.0.1:${NOTEBOOK_PORT:-8888}:8888"]
    assert set(images) == {"public.ecr.aws/glue/aws-glue-libs:${GLUE_TAG:-5.1.0}"}
    assert base == ["python:3.11.14-slim-bookworm"]


def test_only_the_notebook_writes_and_only_into_out() -> None:
    writable = {
        (name, volume)
        for name, service in SERVICES.items()
        for volume in service.get("volumes", [])
        if not volume.endswith(":ro")
    }

    assert writable == {("notebook", "./out:/suite/out")}
    assert not any({"privileged", "cap_add", "devices", "pid"} & set(service) for service in SERVICES.values())


def test_every_long_running_service_has_a_healthcheck() -> None:
    ends_by_itself = {"extract", "lake", "glue", "glue-tests"}

    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == ends_by_itself
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {"aws", "spotify"}


def test_the_stub_is_in_the_network_of_aws_and_the_extractor() -> None:
    # It listens to 127.0.0.1 alone, so a client must be in the same network namespace.
    together = {name for name, service in SERVICES.items() if service.get("network_mode") == "service:aws"}

    assert together == {"extract", "lake", "spotify"}
    assert SERVICES["glue"]["environment"]["AWS_ENDPOINT_URL"] == "http://aws:5000"
    assert SERVICES["glue"]["working_dir"] == "/tmp"  # noqa: S108  # Spark writes into its working directory; the workspace is read-only


def words(name: str) -> list[str]:
    """The words of a service's command, including those of a command line for bash."""
    command: list[str] = SERVICES[name]["command"]
    return shlex.split(command[1]) if command[0] == "-c" else command


def test_every_module_that_is_started_exists() -> None:
    modules = {word for name in SERVICES for word in after("-m", words(name))}

    assert modules == {"deploy.local.aws", "deploy.local.spotify", "extract_lambda", "pytest"}
    assert all(importlib.util.find_spec(f"{module}.__main__") for module in modules)


def after(option: str, command: list[str]) -> list[str]:
    return [follower for word, follower in pairwise(command) if word == option]


def test_every_path_that_is_named_exists() -> None:
    workspace = [
        word.removeprefix(WORKSPACE) for name in SERVICES for word in words(name) if word.startswith(WORKSPACE)
    ]
    relative = [word for name in SERVICES for word in words(name) if re.fullmatch(r"(docs|tests)/\S+", word)]
    copied = re.findall(r"^COPY (\S+) ", SERVICES["aws"]["build"]["dockerfile_inline"], re.MULTILINE)
    built = "dist/glue_jobs.zip"

    assert built in workspace
    assert '(dist / "glue_jobs.zip"' in (ROOT / "deploy" / "aws" / "build.py").read_text(encoding="utf-8")
    assert len(relative) == 2
    assert all((ROOT / path).exists() for path in [*workspace, *relative, *copied] if path != built)
    sources = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert sources == {".", "./out"}


def test_every_setting_of_the_extractor_exists() -> None:
    environment = {name for name in SERVICES["extract"]["environment"] if name.startswith(("SPOTIFY_", "LAKE_"))}

    assert len(environment) == 7
    assert environment <= {*_VARIABLES, *_THREE}


def test_the_job_gets_arguments_that_it_knows() -> None:
    command = words("glue")
    script = command.index(f"{WORKSPACE}glue_jobs/explode_playlists.py")

    assert parse_arguments(command[script + 1 :]).lake == "s3://lake"
    assert all(re.fullmatch(r"spark\.[\w.]+=\S+", setting) for setting in after("--conf", command))


def test_installed_packages_have_the_tested_versions() -> None:
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    installed = [word for word in words("glue-tests") if "==" in word]

    assert len(installed) == 4
    assert [entry for entry in installed if entry not in pinned] == []


def test_every_variable_has_a_default_and_is_documented() -> None:
    names = set(re.findall(r"\$\{(\w+)", TEXT))
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")

    assert names == {"AWS_PORT", "NOTEBOOK_PORT", "GLUE_TAG", "OUT", "SUITE_USER"}
    assert set(re.findall(r"\$\{(\w+):-", TEXT)) == names
    assert [name for name in names if f"`{name}`" not in guide] == []


# --- the services' programs, without containers


@pytest.fixture(scope="module")
def ports() -> dict[str, str]:
    """Free ports instead of the containers' fixed ports."""
    free_ports = {}
    for inside in ("5000", "8080"):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            free_ports[inside] = str(free.getsockname()[1])
    return free_ports


def outside(value: str, ports: dict[str, str]) -> str:
    """The value with the containers' addresses and ports replaced by those of this machine."""
    for inside, port in ports.items():
        value = re.sub(rf"\b{inside}\b", port, value)
    return value.replace("0.0.0.0", "127.0.0.1")  # noqa: S104  # no container separates it from the network here


@contextmanager
def started(name: str, ports: dict[str, str], folder: Path) -> Iterator[None]:
    """Runs the service's command. The block begins when the service's healthcheck succeeds."""
    log_file = folder / f"{name}.txt"
    check = [sys.executable, *(outside(word, ports) for word in SERVICES[name]["healthcheck"]["test"][2:])]
    with (
        log_file.open("wb") as log,
        waiting.started(command_of(name, ports), cwd=ROOT, stdout=log, stderr=log) as process,
    ):

        def is_healthy() -> bool:
            assert process.poll() is None, log_file.read_text()
            return subprocess.run(check, capture_output=True, check=False).returncode == 0

        wait_for(is_healthy, f"{name} to be healthy", pause=0.2)
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def command_of(name: str, ports: dict[str, str]) -> list[str]:
    port = ["--port", ports["5000"]] if name == "aws" else []  # its default is 5000, which may be taken here
    return [sys.executable, *(outside(word, ports) for word in words(name)[1:]), *port]


def test_the_bucket_is_made_and_the_stub_s_playlists_are_read_into_it(ports: dict[str, str], tmp_path: Path) -> None:
    with ExitStack() as running:
        for name in ("aws", "spotify"):
            running.enter_context(started(name, ports, tmp_path))
        for name in ("lake", "extract"):
            environment = {key: outside(value, ports) for key, value in SERVICES[name]["environment"].items()}
            plain = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "SPOTIFY_"))}
            done = waiting.finished(command_of(name, ports), cwd=ROOT, env=plain | environment)
            assert done.returncode == 0, done.stderr
        store = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{ports['5000']}",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            region_name="us-east-1",
        )
        keys = [entry["Key"] for entry in store.list_objects_v2(Bucket="lake", Prefix="raw/pending/")["Contents"]]

    assert [key.rpartition("/")[2] for key in keys if not key.endswith(".ndjson.gz")] == ["_manifest.json"]
    assert len(keys) > 1
