"""docs/snowflake.md shows existing commands with valid arguments; its keys work in the admin file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.snowflake.admin import main as admin
from deploy.snowflake.environment import Environment
from tests.deploy.snowflake.commands.outputs import write_outputs
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[4]
DOCUMENT = (ROOT / "docs/snowflake.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the keys")
def test_its_keys_work_in_the_admin_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [block] = [block for block in BLOCKS if block.startswith("openssl")]
    lines = [
        line.replace("-aes256", "-aes256 -pass pass:geheim").replace("openssl pkey", "openssl pkey -passin pass:geheim")
        for line in block.splitlines()
    ]
    done = subprocess.run(["sh", "-ec", "\n".join(lines)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    arguments = ["--env", "dev", "--outputs", str(write_outputs(tmp_path))]
    assert run_command("admin", admin, [*arguments, "--deployer-key", str(tmp_path / "spotify_key.pub")]) == 0

    assert "alter user SPOTIFY_DEV_DEPLOYER_SVC set rsa_public_key = 'MII" in capsys.readouterr().out


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_its_targets_are_the_makefiles(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert f"\n{command.split()[1]}: " in makefile


@pytest.mark.parametrize("command", [line for line in COMMANDS if " -m deploy." in line])
def test_its_programs_accept_these_arguments(command: str) -> None:
    module = re.search(r" -m (\S+)", command)[1]  # type: ignore[index]
    command_line = [str(ROOT / ".venv/bin/python"), "-m", module, "--help"]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE)

    for option in re.findall(r" (--[a-z-]+)", command):
        assert f"{option} " in done.stdout or f"{option}\n" in done.stdout


def test_its_names_are_the_environments_own() -> None:
    environment = Environment.named("dev")
    names = {
        value for name in dir(environment) if isinstance(value := getattr(environment, name), str) and value.isupper()
    }
    users = {f"{environment.database}_{user}_SVC" for user in ("DEPLOYER", "BI", "MONITOR")}

    assert set(re.findall(r"SPOTIFY_DEV\w*", DOCUMENT)) == names | users | {
        "SPOTIFY_DEV_CREDITS",
        "SPOTIFY_DEV_SERVICE_USERS",
    }
