"""docs/deploy.md: its commands exist, with the shown options, and so do all names in it."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import botocore.session  # type: ignore[import-untyped, unused-ignore]
import pytest
from botocore import xform_name  # type: ignore[import-untyped, unused-ignore]

from glue_jobs.explode_playlists import parse_arguments

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
LINES = [
    line for block in re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]
INLINE = [
    code for code in re.findall(r"`([^`\n]+)`", GUIDE) if re.match(r"make |\.venv/bin/python |aws |AWS_REGION=", code)
]
CLI_ONLY = {
    "cli-read-timeout",
    "max-results",
}  # options of the AWS CLI, not of a service, and paging


def plain(line: str) -> list[str]:
    """The words of a command without its variables."""
    words = shlex.split(line)
    return words[next(place for place, word in enumerate(words) if not re.fullmatch(r"[A-Z_]+=.*", word)) :]


def commands(program: str) -> list[list[str]]:
    plain_lines = [plain(line) for line in [*LINES, *INLINE]]
    return [words[1:] for words in plain_lines if words[0] == program]


def test_every_line_is_a_command_of_a_known_kind() -> None:
    assert {plain(line)[0] for line in LINES} == {"make", "aws", "docker", "terraform", ".venv/bin/python"}
    assert len(LINES) >= 12


def test_every_target_of_make_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {words[0] for words in commands("make")}

    assert targets >= {"deploy", "deploy-plan", "destroy", "build", "test-aws", "snowflake-trust"}
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_every_make_of_an_environment_starts_its_program() -> None:
    for target, program in {
        "deploy-plan": 'deploy.aws plan --env="$ENV"',
        "deploy": 'deploy.aws deploy --env="$ENV"',
        "deploy APPLY=yes ENV=prod": 'deploy.aws deploy --env="$ENV" --yes',
        "destroy": 'deploy.aws destroy --env="$ENV"',
        "destroy DATA=yes": 'deploy.aws destroy --env="$ENV" --with-data',
    }.items():
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(
            ["make", "-n", *target.split()], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert " ".join(done.stdout.split()).endswith(f"-m {program}")


@pytest.mark.parametrize("words", commands(".venv/bin/python"), ids=" ".join)
def test_every_program_accepts_the_shown_options(words: list[str]) -> None:
    module = words[1]
    command = [word for word in words[2:3] if not word.startswith("-")]
    options = [word for word in words[2:] if word.startswith("--")]

    done = subprocess.run(
        [sys.executable, "-m", module, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert [option for option in options if option not in done.stdout] == []


def test_the_deployed_stack_can_be_shown_as_documented(tmp_path: Path) -> None:
    line = next(words for words in commands(".venv/bin/python") if words[2:3] == ["show"])
    (tmp_path / "main.tf").touch()

    done = subprocess.run(
        [sys.executable, *line, "--folder", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "Environment dev does not exist: make deploy ENV=dev" in done.stdout


@pytest.mark.parametrize(
    "words", [words for words in commands("aws") if words[0] not in {"s3", "sso", "configure"}], ids=" ".join
)
def test_every_call_of_aws_exists_with_its_parameters(words: list[str]) -> None:
    service = botocore.session.Session().get_service_model(words[0])
    operations = {xform_name(name, "-"): name for name in service.operation_names}
    accepted = {xform_name(name, "-") for name in service.operation_model(operations[words[1]]).input_shape.members}
    parameters = {word.removeprefix("--") for word in words[2:] if word.startswith("--")}

    assert parameters - CLI_ONLY <= accepted


def test_every_named_setting_and_output_exists() -> None:
    terraform = ROOT / "deploy" / "aws" / "terraform"
    variables = names("variable", terraform / "variables.tf") | names("variable", terraform / "root" / "provider.tf")
    outputs = names("output", terraform / "outputs.tf")
    settings = {name for row in rows("2. Settings") for name in re.findall(r"`(\w+)`", row[0])}

    assert len(settings) > 8
    assert settings <= variables
    mentioned = set(re.findall(r"`(\w+_(?:arn|url|days|hours|usd|tag|email|enabled|concurrency))\b", GUIDE))
    assert mentioned <= variables | outputs


def names(kind: str, file: Path) -> set[str]:
    return set(re.findall(rf'^{kind} "(\w+)"', file.read_text(encoding="utf-8"), re.MULTILINE))


def rows(section: str) -> list[list[str]]:
    """The cells of the section's tables, without the header rows."""
    text = GUIDE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_parameter_of_the_job_exists() -> None:
    documented = [
        (row[0].strip("`"), row[1].strip("`")) for row in rows("6. The job by hand") if row[0].startswith("`--")
    ]

    assert len(documented) == 10
    for name, value in documented:
        lake = [] if name == "--lake" else ["--lake", "out"]
        parse_arguments([*lake, name, value.replace("…", "x")])


def test_every_link_has_a_target() -> None:
    anchors = {
        re.sub(r"[^\w\s-]", "", title.lower()).strip().replace(" ", "-")
        for title in re.findall(r"^##+ (.*)$", GUIDE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", GUIDE):
        file, _, anchor = target.partition("#")
        assert not file or (ROOT / "docs" / file).resolve().exists(), target
        assert file or anchor in anchors, target


def test_every_named_service_of_compose_exists() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    named = {words[-1] for words in commands("docker") if words[1] == "run" or words[-2] == "up"}

    assert named == {"glue", "glue-tests", "notebook"}
    assert all(re.search(rf"^  {name}:$", compose, re.MULTILINE) for name in named)
