"""The Terraform modules as users call them: from their own root module, with their own provider and backend."""

import re
import shutil
from pathlib import Path

import pytest

from tests.aws.stack import ROOT, TERRAFORM, terraform

MODULES = [TERRAFORM, *sorted(path for path in (TERRAFORM / "modules").iterdir() if path.is_dir())]
EXAMPLES = sorted(path for path in (TERRAFORM / "examples").iterdir() if path.is_dir())


def test_there_is_an_example_to_begin_with_and_one_for_an_organisation() -> None:
    assert [path.name for path in EXAMPLES] == ["minimal", "production"]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_names_its_versions_and_leaves_provider_and_backend_to_its_caller(module: Path) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in module.glob("*.tf") if path.name not in BY_DEPLOY)

    assert re.findall(r'^ +version = "(.*)"$', (module / "versions.tf").read_text(encoding="utf-8"), re.MULTILINE) == [
        ">= 5.100, < 7.0"
    ]
    assert re.findall(r'^ *(provider|backend) "', text, re.MULTILINE) == []


BY_DEPLOY = {"provider.tf", "backend.tf"}  # what `make deploy` adds; git ignores them


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_valid(example: Path, tmp_path: Path) -> None:
    folder = tmp_path / "deploy" / "aws" / "terraform"
    unwanted = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", *BY_DEPLOY)
    shutil.copytree(TERRAFORM, folder, ignore=unwanted)
    here = folder / "examples" / example.name
    begun = terraform(here, "init", "-backend=false", "-input=false", "-no-color")
    assert begun.returncode == 0, begun.stderr

    done = terraform(here, "validate", "-no-color")

    assert (done.returncode, done.stderr) == (0, "")


def test_the_settings_of_the_backend_are_those_that_the_guide_shows() -> None:
    example = (TERRAFORM / "examples" / "production" / "prod.s3.tfbackend.example").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")

    settings = [line.partition(" #")[0].rstrip() for line in example.splitlines() if not line.startswith("#")]
    assert [line for line in settings if line not in guide] == []
