"""Generates the README of each Terraform module from its files: the opening comment, the variables and the outputs.

`terraform fmt` formats the files, so a block begins and ends in the first column.
"""

import re
from pathlib import Path
from typing import NamedTuple

TERRAFORM = Path(__file__).parents[2] / "deploy" / "aws" / "terraform"
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_MADE_BY = "Generated from the module's files by `make generate`."


class _Entry(NamedTuple):
    """A variable or an output. `default` is None if a variable must be set."""

    name: str
    description: str
    type: str
    default: str | None


def readmes(folder: Path = TERRAFORM) -> dict[str, str]:
    """The text of every module's README, by its path under the folder."""
    modules = [folder, *sorted(path for path in (folder / "modules").iterdir() if path.is_dir())]
    return {(module / "README.md").relative_to(folder).as_posix(): _readme(module) for module in modules}


def _readme(module: Path) -> str:
    title = "The suite" if (module / "modules").is_dir() else module.name
    parts = [f"# {title}", _opening(module / "main.tf"), _MADE_BY]
    if variables := _entries(module, "variable"):
        rows = [
            f"| `{entry.name}` | `{entry.type}` | {'required' if entry.default is None else f'`{entry.default}`'} | "
            f"{entry.description} |"
            for entry in variables
        ]
        parts += ["## Variables", "\n".join(["| name | type | default | |", "|---|---|---|---|", *rows])]
    if outputs := _entries(module, "output"):
        rows = [f"| `{entry.name}` | {entry.description} |" for entry in outputs]
        parts += ["## Outputs", "\n".join(["| name | |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def _opening(file: Path) -> str:
    """The comment at the beginning of a file. Its indented lines are shown as code."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        text = line.removeprefix("#").removeprefix(" ")
        lines.append(f"  {text}" if text.startswith("  ") else text.replace("<", "&lt;"))
    return "\n".join(lines)


def _entries(module: Path, kind: str) -> list[_Entry]:
    added = {file.name for file in (module / "root").glob("*.tf")}  # `make deploy` copies these into the module
    entries = []
    for file in sorted(file for file in module.glob("*.tf") if file.name not in added):
        for block_kind, name, body in _BLOCK.findall(file.read_text(encoding="utf-8")):
            if block_kind == kind:
                entries.append(_Entry(name, _cell(_value(body, "description")), _value(body, "type"), _default(body)))
    return sorted(entries)


def _value(body: str, attribute: str) -> str:
    """The value of a one-line attribute, a description without its quotes; empty if the attribute is missing."""
    line = re.search(rf"^  {attribute} += (.*)$", body, re.MULTILINE)
    value = line[1] if line else ""
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') and attribute == "description" else value


def _default(body: str) -> str | None:
    return _value(body, "default") or None


def _cell(text: str) -> str:
    """The text for a cell of a Markdown table, with special characters escaped."""
    return text.replace("|", "\\|").replace("<", "&lt;")
