"""Writes the files of a new table or column (contract, transform, test, BI view), so that `make check` passes at once.

make new-table NAME=song_markets KEY=song_id,market SOURCE='item.available_markets[]'
make new-column TABLE=albums NAME=label SOURCE=item.album.label [TYPE=STRING] [DOC="record label; null if not given"]

SOURCE is a path in Spotify's JSON as in the contracts: `item.…` is a song or episode, `[]` each element of a list,
`[0]` the first, `[#]` their number.
"""

import argparse
import builtins
import json
import keyword
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from deploy.commands import CommandError, Parser, run_command, table_named
from deploy.generate.schemas import LOAD_COLUMNS, PARTITION
from deploy.generate.templates import COLUMN_TEST, CONTRACT, TEST, TRANSFORM_OF_OBJECTS, TRANSFORM_OF_VALUES, VIEW
from glue_jobs.reading.projection import ContractError, field_name, is_index, project
from shared.contract import LINEAGE, Column, ObservedPer, Table, Type, key_column, source_paths
from shared.tables import TABLES

_ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_PATH = re.compile(r"[a-z_]+(\[(0|#)?\])?(\.[a-z_]+(\[(0|#)?\])?)+")
# Ids that may be the first key of a new table: the kind of item, and the path of the id. The rows come from a list in
# the object that has this id.
_OWNERS = {
    "song_id": ("song", "item.id"),
    "album_id": ("song", "item.album.id"),
    "episode_id": ("episode", "item.id"),
}
# https://docs.snowflake.com/en/sql-reference/reserved-keywords. DuckDB's reserved words are added to these.
_RESERVED = """
all alter and any as between by case cast check column connect connection constraint create cross current
current_date current_time current_timestamp current_user database delete distinct drop else exists false following for
from full grant group gscluster having ilike in increment inner insert intersect into is issue join lateral left like
localtime localtimestamp minus natural not null of on or order organization qualify regexp revoke right rlike row rows
sample schema select set some start table tablesample then to trigger true try_cast union unique update using values
view when whenever where with
"""
_LONGEST_DOC = 255  # of a column in the Glue catalogue (Column.Comment in AWS's Glue API)
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
                f"SOURCE={source} must name one list of an item with [], for example item.available_markets[]"
            )
        return cls(path, field.removeprefix("."))


def new_table(name: str, key: Sequence[str], source: str, root: Path = _ROOT) -> list[Path]:
    """Write the files of a new table that has one row per element of a list. Returns their paths.

    Raises CommandError if the names do not fit or the table exists.
    """
    _must_be_name("NAME", name)
    if keyword.iskeyword(name) or hasattr(builtins, name):
        raise CommandError(f"NAME={name} is a keyword or built-in of Python: a function has the table's name")
    if any(table.name == name for table in TABLES):
        raise CommandError(f"the table {name} exists: shared/tables/{name}.py")
    for file in [*(_ROOT / "deploy/snowflake").glob("*/R__*.sql"), *(_ROOT / "deploy/athena/views").iterdir()]:
        if re.fullmatch(rf"(R__\d\w?_(bi|core)_(\d+_)?)?{name}\.sql", file.name):
            raise CommandError(f"there is a view {name}: {file.relative_to(_ROOT)}")
    element = Element.of(_path(source))
    if len(key) != 2 or key[0] not in _OWNERS or not _NAME.fullmatch(key[1]):  # noqa: PLR2004  # owner and element
        raise CommandError(
            f"KEY={','.join(key)} must be an id and a name for the element, such as song_id,market; the id is one of "
            f"{', '.join(_OWNERS)}"
        )
    owner, value = key
    _must_be_new_column("KEY", value, [owner])
    parent = _OWNERS[owner][1].removesuffix("id")
    if not source.startswith(parent) or (owner == "song_id" and source.startswith("item.album.")):
        raise CommandError(f"SOURCE={source} must be a list in the object of {owner}, so it must begin with {parent}")
    table = Table(
        name=name,
        doc="",
        grain="",
        key=(owner, value),
        observed_per=ObservedPer.ITEM,
        columns=(key_column(owner, "", _OWNERS[owner][1]), key_column(value, "", source)),
        rows_from=(f"{element.list_path}[]",),
    )
    _must_be_readable(source, table.columns[1], [*TABLES, table])
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
    transform = TRANSFORM_OF_OBJECTS if element.field else TRANSFORM_OF_VALUES
    names["field"] = element.field
    files = {
        f"shared/tables/{name}.py": CONTRACT,
        f"glue_jobs/transforms/{name}.py": transform,
        f"tests/glue_jobs/transforms/test_{name}.py": TEST,
        f"deploy/snowflake/bi/R__4_bi_08_{name}.sql": VIEW,
    }
    for path in files:
        if (root / path).exists():
            raise CommandError(f"{path} exists; nothing was written")
    for path, text in files.items():
        (root / path).write_text(_filled(text, names), encoding="utf-8", newline="\n")
    return [root / path for path in files]


def new_column(table_name: str, name: str, source: str, column_type: Type, doc: str, root: Path = _ROOT) -> list[Path]:
    """Add a column after the table's own columns. Returns the changed files.

    Raises CommandError if the table is unknown or made from lists, if it has the column, or if SOURCE is a list.
    """
    _must_be_name("NAME", name)
    table = table_named(table_name)
    table_name = table.name
    _must_be_new_column("NAME", name, [column.name for column in table.columns], table_name)
    if not table.kinds or any("[" in path for path in table.rows_from) or table.observed_per is not ObservedPer.ITEM:
        raise CommandError(
            f"TABLE={table_name} does not have one row per item: add the column by hand (CONTRIBUTING.md)"
        )
    path = _path(source)
    if "[]" in path or not path.startswith("item."):
        raise CommandError(f"SOURCE={source} is not a single value of an item: use [0] or [#] for a list")
    doc = _doc(doc or f"{path.removeprefix('item.')} as Spotify gives it; null if not given")
    column = Column(name, column_type, doc, path)
    changed = replace(table, columns=(*table.columns, column))
    _must_be_readable(source, column, [changed if other is table else other for other in TABLES])
    frame_path = field_name(path)
    contract_line = (
        f'        Column("{name}", Type.{column_type.name}, {json.dumps(doc, ensure_ascii=False)}, "{path}"),\n'
    )
    changes = dict(
        [
            _with_insertion(
                root / f"shared/tables/{table_name}.py",
                contract_line,
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
    test = COLUMN_TEST.format(
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
    """The call of a test builder, as text, for a row whose JSON has the values at the path."""
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
    """The file, and its content with the text inserted before or after the last match of the pattern."""
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


def _must_be_new_column(argument: str, name: str, others: Sequence[str], table: str = "the table") -> None:
    own = {*others, *(column.name for column in LINEAGE), PARTITION["name"]}
    own |= {column.lower() for column, *_ in LOAD_COLUMNS}
    if name in own:
        raise CommandError(f"{table} has a column {name}")
    with duckdb.connect() as engine:
        words = engine.execute("select keyword_name from duckdb_keywords() where keyword_category = 'reserved'")
        reserved = {*_RESERVED.split(), *(word for (word,) in words.fetchall())}
    if name in reserved:
        raise CommandError(f"{argument}={name} is a reserved word of SQL: choose another name, such as {name}_name")


def _must_be_readable(source: str, column: Column, tables: Sequence[Table]) -> None:
    """Raises CommandError unless the reader can read this column together with all other columns."""
    for path, other in source_paths(tuple(tables)):
        if path == source and other.type is not column.type and not other.derived and not is_index(other, path):
            raise CommandError(
                f"SOURCE={source} is {other.type.name} in column {other.name}: set TYPE={other.type.name}"
            )
    try:
        project(tables)
    except ContractError as error:
        raise CommandError(f"SOURCE={source}: {error}") from None


def _doc(text: str) -> str:
    """The column's doc, extended so that it says what null means. Raises CommandError if it is too long or invalid."""
    if not text.isprintable() or "{" in text or "}" in text:
        raise CommandError("DOC is one line of text without braces, such as 'record label; null if not given'")
    text = text if "null" in text else f"{text}; null if not given"
    if len(text) > _LONGEST_DOC:
        raise CommandError(f"DOC has {len(text)} characters: AWS's catalogue allows {_LONGEST_DOC}")
    return text


def _path(source: str) -> str:
    if not _PATH.fullmatch(source):
        raise CommandError(f"SOURCE={source} is not a JSON path as in the contracts, such as item.album.label")
    return source


_BUILDERS = ("album", "episode", "items", "page", "published", "rejects", "rows", "song")


def main(argv: Sequence[str]) -> int:
    """Write the files and print their names. Returns the exit code. Raises CommandError."""
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
            raise CommandError(f"TYPE={arguments.type} is not supported by this command: use one of {names}")
        written = new_column(arguments.table, arguments.name, arguments.source, kinds[0], arguments.doc)
    for path in written:
        sys.stdout.write(f"{path.relative_to(_ROOT)}\n")
    sys.stdout.write(
        "Next: make format generate check. Then describe the values in the contract and the view, and type rows into "
        "tests/golden/ for documents that have them.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run_command("new", main, sys.argv[1:]))
