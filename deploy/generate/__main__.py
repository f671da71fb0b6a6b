"""Writes the generated files: `python -m deploy.generate`. With `--check` it only names stale files.

deploy/generated/ has the schemas, the current views and the data dictionary. docs/bi-dictionary.md describes the
columns of the BI views. deploy/bi/ has the files of each BI tool. deploy/aws/terraform/ has a README for each module.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.generate.bi_dictionary import dictionary, misplaced_columns
from deploy.generate.data_dictionary import data_dictionary
from deploy.generate.dbt import dbt_files
from deploy.generate.powerbi import powerbi_files
from deploy.generate.quicksight import quicksight_files
from deploy.generate.schemas import (
    athena_current,
    athena_table,
    glue_catalog,
    snowflake_current,
    snowflake_landing,
    snowflake_pipe,
    spark_ddl,
)
from deploy.generate.tableau import tableau_files
from deploy.generate.terraform import TERRAFORM, readmes
from shared.contract import Table
from shared.tables import TABLES
from shared.terminal import set_up_output

_ROOT = Path(__file__).parents[2]
GENERATED = _ROOT / "deploy" / "generated"
BI_DICTIONARY = _ROOT / "docs" / "bi-dictionary.md"
BI = _ROOT / "deploy" / "bi"


def generated_files(tables: Sequence[Table] = TABLES) -> dict[str, str]:
    """The text of every generated file, by its path under deploy/generated/."""
    files = {"data_dictionary.md": data_dictionary(tables), "glue_catalog.json": glue_catalog(tables)}
    for table in tables:
        files |= {
            f"spark/{table.name}.ddl": spark_ddl(table),
            f"athena/tables/{table.name}.sql": athena_table(table),
            f"athena/current/{table.name}.sql": athena_current(table),
            # schemachange runs repeatable scripts in the order of their names.
            f"snowflake/R__1_landing_{table.name}.sql": snowflake_landing(table),
            f"snowflake/R__2_pipe_{table.name}.sql": snowflake_pipe(table),
            f"snowflake/R__3_core_{table.name}.sql": snowflake_current(table),
        }
    return files


def bi_files() -> dict[str, dict[str, str]]:
    """The text of every file of each BI tool, by the tool's folder under deploy/bi/ and the path in it."""
    return {
        "powerbi": powerbi_files(),
        "tableau": tableau_files(),
        "quicksight": quicksight_files(),
        "dbt": dbt_files(),
    }


def stale_files(folder: Path, files: dict[str, str]) -> Iterator[str]:
    """Names each file of the folder that is missing, differs, or is no longer generated."""
    existing = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in sorted(files.keys() | existing.keys()):
        if name not in existing:
            yield f"{name} (missing)"
        elif name not in files:
            yield f"{name} (not generated any more)"
        elif existing[name].read_text(encoding="utf-8") != files[name]:
            yield f"{name} (differs)"


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Write these files into the folder and remove all others."""
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            path.unlink()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def main(
    argv: Sequence[str], folder: Path = GENERATED, bi_dictionary: Path = BI_DICTIONARY, bi_folder: Path = BI
) -> int:
    """Write the files, or with `--check` name the stale ones. Returns the exit code."""
    set_up_output()
    parser = argparse.ArgumentParser(prog="python -m deploy.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 if a file is stale")
    text = dictionary()
    folders = [(folder, generated_files(), "contracts")]
    folders += [(bi_folder / tool, files, "BI model") for tool, files in bi_files().items()]
    if not parser.parse_args(argv).check:
        for place, files, _ in folders:
            write_files(place, files)
        bi_dictionary.parent.mkdir(parents=True, exist_ok=True)
        bi_dictionary.write_text(text, encoding="utf-8", newline="\n")
        for name, readme in readmes().items():
            (TERRAFORM / name).write_text(readme, encoding="utf-8", newline="\n")
        return 0
    is_fresh = True
    for place, files, source in folders:
        if stale := list(stale_files(place, files)):
            is_fresh = False
            sys.stderr.write(
                f"{len(stale)} of the generated files in {place} do not match the {source}, "
                f"run `python -m deploy.generate`: {', '.join(stale)}.\n"
            )
    if not _has_text(bi_dictionary, text):
        is_fresh = False
        sys.stderr.write(
            f"{bi_dictionary} does not match the BI views and contracts, run `python -m deploy.generate`.\n"
        )
    if stale := [name for name, readme in readmes().items() if not _has_text(TERRAFORM / name, readme)]:
        is_fresh = False
        sys.stderr.write(
            f"{', '.join(stale)} in {TERRAFORM} do not match the modules' files, run `python -m deploy.generate`.\n"
        )
    misplaced = list(misplaced_columns())
    sys.stderr.writelines(f"{sentence}.\n" for sentence in misplaced)
    return 1 if misplaced or not is_fresh else 0


def _has_text(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
