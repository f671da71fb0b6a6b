"""Starts a new table or a new column: contract, transform, test and BI view, so that `make check` holds at once.

make new-table NAME=song_markets KEY=song_id,market SOURCE='item.available_markets[]'
make new-column TABLE=albums NAME=label SOURCE=item.album.label [TYPE=STRING] [DOC="record label; null if not given"]

SOURCE is a path in Spotify's JSON as in the contracts: `item.…` is a song or episode, `[]` each element of a list,
`[0]` the first, `[#]` their number.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.commands import CommandError, Parser, run_command, table_named
from shared.contract import ObservedPer, Table, Type
from shared.tables import TABLES

_ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PATH = re.compile(r"[a-z_]+(\[(0|#)?\])?(\.[a-z_]+(\[(0|#)?\])?)+")
# What a new table's rows can belong to: the kind of item, and the path of the id.
_OWNERS = {
    "song_id": ("song", "item.id"),
    "album_id": ("song", "item.album.id"),
    "episode_id": ("episode", "item.id"),
}
_SAMPLES = {Type.STRING: '"x"', Type.INT: "7", Type.BIGINT: "7", Type.BOOLEAN: "True"}


@dataclass(frozen=True)
class Element:
    """A list whose elements become rows. `field` is read from each element; empty if elements are plain values."""

    list_path: str
    field: str

    @classmethod
    def of(cls, source: str) -> "Element":
        """Raises CommandError unless SOURCE starts with `item.` and contains exactly one `[]`."""
        path, _, field = source.partition("[]")
        if "[" in path + field or "[]" not in source or not path.startswith("item."):
            raise CommandError(
                f"SOURCE={source} has no list of an item: name it with [], for example item.available_markets[]"
            )
        return cls(path, field.removeprefix("."))


def new_table(name: str, key: Sequence[str], source: str, root: Path = _ROOT) -> list[Path]:
    """Write the files of a new table that has one row per element of a list. Returns their paths.

    Raises CommandError if the names do not fit or the table exists.
    """
    _must_be_name("NAME", name)
    if any(table.name == name for table in TABLES):
        raise CommandError(f"the table {name} exists: shared/tables/{name}.py")
    element = Element.of(_path(source))
    if len(key) != 2 or key[0] not in _OWNERS or not _NAME.fullmatch(key[1]):  # noqa: PLR2004  # owner and element
        raise CommandError(
            f"KEY={','.join(key)} must be an id and a name for the element, such as song_id,market; the id is one of "
            f"{', '.join(_OWNERS)}"
        )
    owner, value = key
    names = {
        "name": name,
        "const": name.upper(),
        "owner": owner,
        "thing": owner.removesuffix("_id"),
        "value": value,
        "OWNER": owner.upper(),
        "VALUE": value.upper(),
        "source": source,
        "rows_from": f"{element.list_path}[]",
        "kind": _OWNERS[owner][0],
        "owner_path": _OWNERS[owner][1],
        "list_path": element.list_path,
        "row": _with_value(f"{element.list_path}[]", '"a", "b"', _OWNERS[owner][0], element.field),
    }
    transform = _TRANSFORM_OF_OBJECTS if element.field else _TRANSFORM_OF_VALUES
    names["field"] = element.field
    files = {
        f"shared/tables/{name}.py": _CONTRACT,
        f"glue_jobs/transforms/{name}.py": transform,
        f"tests/glue_jobs/transforms/test_{name}.py": _TEST,
        f"deploy/snowflake/bi/R__4_bi_08_{name}.sql": _VIEW,
    }
    for path in files:
        if (root / path).exists():
            raise CommandError(f"{path} exists; nothing was written")
    for path, text in files.items():
        (root / path).write_text(_filled(text, names), encoding="utf-8", newline="\n")
    return [root / path for path in files]


def new_column(table_name: str, name: str, source: str, column_type: Type, doc: str, root: Path = _ROOT) -> list[Path]:
    """Add a column after the table's own columns. Returns the changed files.

    Raises CommandError if the table is unknown or made from lists, or has the column.
    """
    _must_be_name("NAME", name)
    table = table_named(table_name)
    if any(column.name == name for column in table.columns):
        raise CommandError(f"{table_name} has a column {name}")
    if not table.kinds or any("[" in path for path in table.rows_from) or table.observed_per is not ObservedPer.ITEM:
        raise CommandError(
            f"TABLE={table_name} is not made from one item a row: add the column by hand (CONTRIBUTING.md)"
        )
    path = _path(source)
    if "[]" in path or not path.startswith("item."):
        raise CommandError(f"SOURCE={source} is no single value of an item: use [0] or [#] for a list")
    doc = doc or f"{path.removeprefix('item.')} as Spotify gives it; null if not given"
    frame_path = path.replace("[0]", "_first").replace("[#]", "_count")
    changes = dict(
        [
            _with_insertion(
                root / f"shared/tables/{table_name}.py",
                f'        Column("{name}", Type.{column_type.name}, "{doc}", "{path}"),\n',
                before=r"    \),\n\)\n\Z",  # the end of the columns
            ),
            _with_insertion(
                root / f"glue_jobs/transforms/{table_name}.py",
                f'        F.col("{frame_path}").alias("{name}"),\n',
                after=r' +F\.[^\n]*\.alias\("\w+"\),\n',
            ),
            _view_with(table, name, doc, root),
            _test_with(table, name, path, column_type, root),
        ]
    )
    for file, text in changes.items():
        file.write_text(text, encoding="utf-8", newline="\n")
    return list(changes)


def _view_with(table: Table, name: str, doc: str, root: Path) -> tuple[Path, str]:
    views = sorted((root / "deploy/snowflake/bi").glob(f"R__4_bi_[0-4]*_{table.name}.sql"))
    if not views:
        raise CommandError(f"no view of deploy/snowflake/bi/ is named for {table.name}: add the column to one by hand")
    comment = f"    {name.upper()} comment '{doc.replace(chr(39), chr(39) * 2)}',\n"
    file, text = _with_insertion(views[0], comment, before=r"    DESCRIBED_AT comment [^\n]*\n\)")
    # The column comes before each `described_at` in the view's SELECT lists.
    text, count = re.subn(
        r"^( +)((?:\w+\.)?)(extracted_at as described_at|described_at)$",
        rf"\g<1>\g<2>{name},\n\g<0>",
        text,
        flags=re.MULTILINE,
    )
    if not count:
        raise _unexpected(file)
    return file, text


def _test_with(table: Table, name: str, path: str, column_type: Type, root: Path) -> tuple[Path, str]:
    file = root / f"tests/glue_jobs/transforms/test_{table.name}.py"
    sample = _SAMPLES[column_type]
    test = _COLUMN_TEST.format(
        table=table.name,
        name=name,
        row=_with_value(path, sample, table.kinds[0]),
        type=column_type.value,
        sample=_expected(path, sample),
    )
    text = file.read_text(encoding="utf-8")
    match = re.search(r"^from tests\.glue_jobs\.builders import ([^(\n]*)\n", text, flags=re.MULTILINE)
    if match is None:
        raise _unexpected(file)
    builders = sorted({*match[1].split(", "), *_BUILDERS})
    text = text.replace(match[0], f"from tests.glue_jobs.builders import {', '.join(builders)}\n")
    return file, text.rstrip("\n") + "\n\n\n" + test


def _expected(path: str, sample: str) -> str:
    return "1" if path.endswith("[#]") else sample


def _with_value(path: str, values: str, item_kind: str, field: str = "") -> str:
    """The builder's call for a row whose JSON has the values under the path."""
    *parents, last = path.removeprefix("item.").split(".")
    key, _, in_list = last.partition("[")
    value = f'[{{"{field}": value}} for value in [{values}]]' if field else values
    if in_list and not field:
        value = f"[{values}]"
    parts = [part.partition("[")[0] for part in parents]
    if parts[:1] == ["album"] and len(parts) == 1:
        return f'song("s1", album=album("al1", {key}={value}))'
    for parent in reversed(parts):
        value = f'{{"{key}": {value}}}'
        key = parent
    builder = "episode" if item_kind == "episode" else "song"
    return f'{builder}("s1", {key}={value})'


def _with_insertion(file: Path, text: str, *, before: str = "", after: str = "") -> tuple[Path, str]:
    """The file, and its content with the text before or after the last match of the pattern."""
    content = file.read_text(encoding="utf-8")
    matches = list(re.finditer(before or after, content))
    if not matches:
        raise _unexpected(file)
    place = matches[-1].start() if before else matches[-1].end()
    return file, content[:place] + text + content[place:]


def _unexpected(file: Path) -> CommandError:
    return CommandError(
        f"{file} is not written as expected; nothing was changed: add the column by hand (CONTRIBUTING.md)"
    )


def _filled(text: str, names: dict[str, str]) -> str:
    for key, value in names.items():
        text = text.replace(f"<{key}>", value)
    return text


def _must_be_name(argument: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise CommandError(f"{argument}={name} is no name: lower case letters, digits and single underscores")


def _path(source: str) -> str:
    if not _PATH.fullmatch(source):
        raise CommandError(f"SOURCE={source} is no JSON path of the contracts, such as item.album.label")
    return source


_BUILDERS = ("album", "episode", "items", "page", "published", "rejects", "rows", "song")

_CONTRACT = '''"""Contract of `<name>`."""

from shared.contract import ObservedPer, Table, key_column

<const> = Table(
    name="<name>",
    doc="Each <value> of a <thing>. The newest observation of the <thing> counts as a whole.",
    grain="one row per <thing> and <value>",
    key=("<owner>", "<value>"),
    newest_per=("<owner>",),
    observed_per=ObservedPer.ITEM,
    kinds=("<kind>",),
    rows_from=("<rows_from>",),
    columns=(
        key_column("<owner>", "Spotify id of the <thing>", "<owner_path>"),
        key_column("<value>", "as Spotify gives it", "<source>"),
    ),
)
'''

_TRANSFORM_OF_VALUES = '''"""How rows of `<name>` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.explode import explode_values
from shared.tables.<name> import <const>


def <name>(items: DataFrame) -> DataFrame:
    """One row per mention of a <thing> and <value>."""
    return explode_values(items, <const>, F.col("<list_path>"), "<value>", <owner>=F.col("<owner_path>"))
'''

_TRANSFORM_OF_OBJECTS = '''"""How rows of `<name>` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.explode import explode_objects
from shared.tables.<name> import <const>


def <name>(items: DataFrame) -> DataFrame:
    """One row per mention of a <thing> and <value>."""
    return explode_objects(items, <const>, F.col("<list_path>"), <owner>=F.col("<owner_path>")).withColumn(
        "<value>", F.col("element.<field>")
    )
'''

_TEST = '''"""What is particular to <name>."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.<name> import <name>
from shared.tables.<name> import <const>
from tests.glue_jobs.builders import album, episode, items, page, published, rows, song


def test_each_<value>_is_a_row_and_the_newest_observation_counts_as_a_whole(spark: SparkSession) -> None:
    monday = page("mon", <row>)

    made = published(<name>(items(spark, monday)), <const>)

    assert made.select("<value>").count() == 2
    expected = rows(spark, "<value> string", ("a",), ("b",))
    assert_df_equality(made.select("<value>"), expected, ignore_row_order=True, ignore_nullable=True)
'''

_VIEW = """-- <name>: one row per <thing> and <value>.
create or replace view {{ database }}.BI.<const> (
    <OWNER> comment 'Spotify id of the <thing>; never null',
    <VALUE> comment 'as Spotify gives it; never null'
)
comment = 'One row per <thing> and <value>, as last observed.'
as
select
    <name>.<owner>,
    <name>.<value>
from {{ database }}.CORE.<const> as <name>;
"""

_COLUMN_TEST = """def test_{name}_is_taken_from_the_payload(spark: SparkSession) -> None:
    made = {table}(items(spark, page("mon", {row})))

    expected = rows(spark, "{name} {type}", ({sample},))
    assert_df_equality(made.select("{name}"), expected, ignore_nullable=True)
"""


def main(argv: Sequence[str]) -> int:
    """Writes the files and prints their names; the exit code. Raises CommandError."""
    parser = Parser(
        prog="python -m deploy.generate.new", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["table", "column"])
    for name in ("name", "key", "source", "table", "type", "doc"):
        parser.add_argument(f"--{name}", default="")
    arguments = parser.parse_args(argv)
    if arguments.what == "table":
        written = new_table(arguments.name, arguments.key.split(","), arguments.source)
    else:
        kinds = [kind for kind in _SAMPLES if kind.name == (arguments.type or "STRING").upper()]
        if not kinds:
            names = ", ".join(kind.name for kind in _SAMPLES)
            raise CommandError(f"TYPE={arguments.type} cannot be added by this command, only {names}")
        written = new_column(arguments.table, arguments.name, arguments.source, kinds[0], arguments.doc)
    for path in written:
        sys.stdout.write(f"{path.relative_to(_ROOT)}\n")
    sys.stdout.write(
        "Next: make format generate check. Then say in the contract and the view what the values mean, and type rows "
        "into tests/golden/ for documents that have them.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_command("new", main, sys.argv[1:]))
