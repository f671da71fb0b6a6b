"""A pipe of the embedded Snowflake: the files that it accepts, its COPY, and the result for each file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import sqlglot
from sqlglot import exp

# Options of COPY that fakesnow does not support; this package implements them.
_OWN_OPTIONS = {"INCLUDE_METADATA", "PATTERN", "ON_ERROR"}


class LoadStatus(StrEnum):
    """The result of loading a file, in Snowflake's words."""

    LOADED = "LOADED"
    SKIPPED = "LOAD_SKIPPED"
    FAILED = "LOAD_FAILED"


@dataclass(frozen=True)
class FileLoad:
    """The result for a file that was offered to a pipe: skipped if offered before, else loaded or failed as a whole."""

    table: str
    file_name: str
    status: LoadStatus
    row_count: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Pipe:
    """A pipe as its CREATE statement defines it."""

    name: str
    table: str
    folder: str
    pattern: re.Pattern[str]
    metadata: dict[str, str]
    copy: exp.Copy

    @classmethod
    def parse(cls, name: str, text: str) -> Self:
        """The pipe with this COPY. Raises ValueError for an option that is not emulated."""
        copy = sqlglot.parse_one(text, read="snowflake")
        if not isinstance(copy, exp.Copy):
            raise ValueError(f"{name} does not copy: {text}")  # noqa: TRY004  # it is the text that is wrong
        options = {option.this.name.upper(): option.expression for option in copy.args["params"]}
        if options["ON_ERROR"].name.upper() != "SKIP_FILE":
            raise ValueError(f"{name}: only ON_ERROR = SKIP_FILE is emulated, not {options['ON_ERROR'].sql()}.")
        own = [option for option in copy.args["params"] if option.this.name.upper() in _OWN_OPTIONS]
        copy.set("params", [option for option in copy.args["params"] if option not in own])
        return cls(
            name=name.upper(),
            table=copy.this.name,
            folder=copy.args["files"][0].name.partition("/")[2],
            pattern=re.compile(options["PATTERN"].name),
            metadata={pair.left.name: pair.right.name for pair in options["INCLUDE_METADATA"].expressions},
            copy=copy,
        )

    def takes(self, file: str) -> bool:
        """Whether the pipe accepts this file. `file` is the path below the stage; the pattern must match all of it."""
        return file.startswith(self.folder) and self.pattern.fullmatch(file) is not None

    def copy_of(self, files: Sequence[str]) -> str:
        """The pipe's COPY for these files. It has FORCE, because this package keeps the load history itself."""
        names = ", ".join(exp.Literal.string(file.removeprefix(self.folder)).sql("snowflake") for file in files)
        return f"{self.copy.sql('snowflake')} files = ({names}) force = true"
