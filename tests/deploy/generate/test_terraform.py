"""READMEs of the Terraform modules: what they say follows from the modules' files."""

from pathlib import Path

from deploy.generate.terraform import TERRAFORM, readmes

VARIABLES = """variable "zip" {
  description = "Path of <name>.zip, a | b."
  type        = string
}

variable "count_of" {
  description = "How many, such as { N = \\"3\\" }."
  type        = number
  default     = 2

  validation {
    condition     = var.count_of > 0
    error_message = "count_of is above 0."
  }
}
"""


def module(folder: Path) -> Path:
    made = folder / "modules" / "thing"
    made.mkdir(parents=True)
    (folder / "main.tf").write_text("# All of it.\n")
    (made / "main.tf").write_text('# A thing of <name>.\n#\n#   run it\n\nresource "x" "y" {}\n# not this\n')
    (made / "variables.tf").write_text(VARIABLES)
    (made / "outputs.tf").write_text('output "arn" {\n  description = "Its ARN."\n  value       = x.y.arn\n}\n')
    return made


def test_a_readme_has_the_opening_comment_the_variables_and_the_outputs(tmp_path: Path) -> None:
    module(tmp_path)

    assert readmes(tmp_path)["modules/thing/README.md"] == (
        "# thing\n\nA thing of &lt;name>.\n\n    run it\n\n"
        "Generated from the module's files by `make generate`.\n\n"
        "## Variables\n\n| name | type | default | |\n|---|---|---|---|\n"
        '| `count_of` | `number` | `2` | How many, such as { N = "3" }. |\n'
        "| `zip` | `string` | required | Path of &lt;name>.zip, a \\| b. |\n\n"
        "## Outputs\n\n| name | |\n|---|---|\n| `arn` | Its ARN. |\n"
    )


def test_what_make_deploy_adds_to_the_module_is_not_part_of_it(tmp_path: Path) -> None:
    module(tmp_path)
    (tmp_path / "root").mkdir()
    for folder in (tmp_path / "root", tmp_path):
        (folder / "provider.tf").write_text('variable "region" {\n  type = string\n}\n')

    assert readmes(tmp_path)["README.md"] == (
        "# The suite\n\nAll of it.\n\nGenerated from the module's files by `make generate`.\n"
    )


def test_every_module_has_its_readme_and_it_is_fresh() -> None:
    texts = readmes()

    assert len(texts) == 11
    assert {name: (TERRAFORM / name).read_text(encoding="utf-8") for name in texts} == texts
