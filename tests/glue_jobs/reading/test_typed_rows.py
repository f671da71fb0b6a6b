"""Rows that pyarrow converts, and rows whose malformed values pyarrow alone would accept."""

import copy
import json
import random
from collections import Counter
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.reading.document import read_document
from glue_jobs.reading.parquet import ITEMS
from glue_jobs.reading.projection import project
from glue_jobs.reading.refusals import Reject, read_row
from glue_jobs.reading.typed_rows import Typer
from glue_jobs.reading.values import Decimal
from shared.contract import Column, MadeFrom, Table, Type, key_column, tables_from
from shared.tables import TABLES
from tests.glue_jobs.documents import Json, song
from tests.glue_jobs.mutations import ODD, with_odd_values
from tests.glue_jobs.reading.contracts import PLAYLIST_IMAGES, SONG_MARKETS, item_row, read_both_ways, table
from tests.glue_jobs.strategies import playlists

DAY = datetime(2026, 11, 20)
# A field of every type and structure.
THINGS = table(
    key_column("id", "an id", "id"),
    Column("text", Type.STRING, "a text", "text"),
    Column("number", Type.INT, "an integer", "number"),
    Column("big", Type.BIGINT, "a large integer", "big"),
    Column("flag", Type.BOOLEAN, "true or false", "flag"),
    Column("on", Type.DATE, "a date", "on"),
    Column("at", Type.TIMESTAMP, "a time", "at"),
    Column("inner", Type.STRING, "in an object", "object.inner"),
    Column("inner_at", Type.TIMESTAMP, "a time in an object", "object.at"),
    Column("count", Type.INT, "of a list", "counted[#]"),
    Column("first", Type.STRING, "of a list", "firsts[0]"),
    Column("cover", Type.STRING, "of the first object", "covers[0].url"),
    Column("words", Type.STRING, "texts in a list", "words[]"),
    Column("numbers", Type.INT, "integers in a list", "numbers[]"),
    Column("times", Type.TIMESTAMP, "times in a list", "times[]"),
    Column("name", Type.STRING, "of each object", "objects[].name"),
    Column("size", Type.INT, "of each object", "objects[].size"),
)
ROOT = project([THINGS])
NOTHING: Json = {
    "id": "x",
    "text": None,
    "number": None,
    "big": None,
    "flag": None,
    "on": None,
    "at": None,
    "object": None,
    "counted_count": None,
    "firsts_first": None,
    "covers_first": None,
    "words": None,
    "numbers": None,
    "times": None,
    "objects": None,
    "refused": None,
}


def both_ways(**fields: Any) -> tuple[bool, Json, list[tuple[str | None, str]]]:
    """Whether pyarrow converted the row; its fields that are not null; column and reason of its rejects."""
    is_converted, (typed, rejects, _, _) = read_both_ways(ROOT, [THINGS], {"id": "x", **fields})
    fields = {name: value for name, value in typed.items() if value is not None and name not in ("id", "refused")}
    assert bool(rejects) == (typed["refused"] == ["things"])
    return is_converted, fields, [(reject.column, reject.reason) for reject in rejects]


# --- what pyarrow converts


def test_a_usual_row_is_converted_without_reading_its_values_one_by_one() -> None:
    is_converted, fields, rejects = both_ways(
        text="text",
        number=5,
        big=2**40,
        flag=True,
        on="2026-11-20",
        at="2026-11-20T00:00:00Z",
        object={"inner": "i", "at": "2026-11-20T00:00:00Z", "unknown": [{}]},
        counted=["a", None, "c"],
        firsts=["a", "b"],
        covers=[{"url": "u", "width": 640}, {"url": "v"}],
        words=["a", "b"],
        numbers=[1, 2],
        times=["2026-11-20T00:00:00Z"],
        objects=[{"name": "n", "size": 1}, {"name": None}],
        unknown=1.5,
    )

    assert is_converted
    assert rejects == []
    assert fields == {
        "text": "text",
        "number": 5,
        "big": 1099511627776,
        "flag": True,
        "on": date(2026, 11, 20),
        "at": DAY,
        "object": {"inner": "i", "at": DAY},
        "counted_count": 3,
        "firsts_first": "a",
        "covers_first": {"url": "u"},
        "words": ["a", "b"],
        "numbers": [1, 2],
        "times": [DAY],
        "objects": [
            {"name": "n", "size": 1, "refused": None},
            {"name": None, "size": None, "refused": None},
        ],
    }


def test_a_row_of_nulls_is_converted() -> None:
    for value in ({"id": "x"}, dict.fromkeys(THINGS.columns[n].name for n in range(7)) | {"id": "x", "counted": None}):
        is_converted, (fields, rejects, made, refused) = read_both_ways(ROOT, [THINGS], value)

        assert (is_converted, fields, rejects, made, refused) == (True, NOTHING, [], {"things": 1}, {})


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"object": {}}, {"object": {"inner": None, "at": None}}),
        ({"object": {"unknown": 1}}, {"object": {"inner": None, "at": None}}),
        ({"counted": []}, {"counted_count": 0}),
        ({"firsts": []}, {}),
        ({"firsts": [None, "a"]}, {}),
        ({"covers": []}, {}),
        ({"covers": [{}]}, {"covers_first": {"url": None}}),
        ({"words": []}, {"words": []}),
        ({"objects": []}, {"objects": []}),
        ({"objects": [{}]}, {"objects": [{"name": None, "size": None, "refused": None}]}),
    ],
)
def test_empty_objects_and_lists_are_converted_as_such(value: Json, fields: Json) -> None:
    assert both_ways(**value) == (True, fields, [])


# --- malformed values that pyarrow accepts, and accepted forms that it refuses


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ({"number": "5"}, {"number": 5}),
        ({"flag": "true"}, {"flag": True}),
        ({"flag": 1}, {"flag": True}),
        ({"text": 5}, {"text": "5"}),
        ({"text": True}, {"text": "true"}),
        ({"text": Decimal("1.5")}, {"text": "1.5"}),
        ({"text": ""}, {}),
        ({"text": "half \ud83d"}, {"text": "half ?"}),
        ({"firsts": [""]}, {}),
        ({"firsts": [5]}, {"firsts_first": "5"}),
        ({"object": {"inner": ""}}, {"object": {"inner": None, "at": None}}),
        ({"covers": [{"url": ""}]}, {"covers_first": {"url": None}}),
        ({"words": [None, "a"]}, {"words": [None, "a"]}),
        ({"words": ["", 5]}, {"words": [None, "5"]}),
        ({"words": ["half \ud83d"]}, {"words": ["half ?"]}),
        ({"numbers": ["5", None]}, {"numbers": [5, None]}),
        ({"objects": [None]}, {"objects": [{"name": None, "size": None, "refused": None}]}),
        ({"objects": [{"name": 5}]}, {"objects": [{"name": "5", "size": None, "refused": None}]}),
        ({"text": "n" * 1_000_000}, {"text": "n" * 1_000_000}),
    ],
)
def test_an_unusual_value_of_an_accepted_form_is_typed(value: Json, fields: Json) -> None:
    assert both_ways(**value)[1:] == (fields, [])


@pytest.mark.parametrize(
    ("value", "column", "reason"),
    [
        # pyarrow makes 1 of 1.5
        ({"number": Decimal("1.5")}, "number", "no int: 1.5"),
        ({"number": Decimal("1.0")}, "number", "no int: 1.0"),
        ({"big": Decimal("1e3")}, "big", "no bigint: 1000.0"),
        ({"big": Decimal("1e999")}, "big", "no bigint: Infinity"),
        ({"numbers": [1, Decimal("2.5")]}, "numbers", "no int: 2.5"),
        ({"objects": [{"size": Decimal("2.5")}]}, "size", "no int: 2.5"),
        # pyarrow reads a number as a date or a time
        ({"on": 20000}, "on", "no date: 20000"),
        ({"at": 1763632800}, "at", "no timestamp: 1763632800"),
        ({"at": 0}, "at", "no timestamp: 0"),
        ({"at": True}, "at", "no timestamp: true"),
        ({"object": {"at": 5}}, "inner_at", "no timestamp: 5"),
        ({"times": ["2026-11-20T00:00:00Z", 5]}, "times", "no timestamp: 5"),
        # pyarrow makes an object without fields of an empty list or text
        ({"object": []}, "inner", "no string: []"),
        ({"object": ""}, "inner", 'no string: ""'),
        ({"covers": [[]]}, "cover", "no string: []"),
        ({"covers": [""]}, "cover", 'no string: ""'),
        ({"objects": [[]]}, "name", "no string: []"),
        ({"objects": [""]}, "name", 'no string: ""'),
        ({"objects": [{"name": "n"}, [[]]]}, "name", "no string: [[]]"),
        # pyarrow makes a list of a text's characters
        ({"words": "ab"}, "words", 'no string: "ab"'),
        ({"words": ""}, "words", 'no string: ""'),
        ({"objects": ""}, "name", 'no string: ""'),
        ({"numbers": ""}, "numbers", "no int: "),
        ({"counted": "ab"}, "count", "no int: ab"),
        ({"counted": ""}, "count", "no int: "),
        ({"counted": {}}, "count", "no int: {}"),
        ({"firsts": "ab"}, "first", 'no string: "ab"'),
        ({"covers": ""}, "cover", 'no string: ""'),
        ({"covers": {"url": "u"}}, "cover", 'no string: {"url": "u"}'),
        ({"times": ""}, "times", "no timestamp: "),
        # values that pyarrow refuses as well
        ({"number": True}, "number", "no int: true"),
        ({"number": 2**31}, "number", "no int: 2147483648"),
        ({"big": 2**63}, "big", "no bigint: 9223372036854775808"),
        ({"flag": 2}, "flag", "no boolean: 2"),
        ({"text": []}, "text", "no string: []"),
        ({"text": {}}, "text", "no string: {}"),
        ({"words": [["a"]]}, "words", 'no string: ["a"]'),
        ({"words": {"a": "b"}}, "words", 'no string: {"a": "b"}'),
        ({"object": "text"}, "inner", 'no string: "text"'),
        ({"object": [["inner", "i"]]}, "inner", 'no string: [["inner", "i"]]'),
        ({"objects": {"name": "n"}}, "name", 'no string: {"name": "n"}'),
        ({"objects": [[["name", "n"]]]}, "name", 'no string: [["name", "n"]]'),
        # texts of any length
        ({"text": "n" * 1_000_001}, "text", 'no string: "' + "n" * 199),
        ({"words": ["a", "n" * 1_000_001]}, "words", 'no string: "' + "n" * 199),
    ],
)
def test_a_malformed_value_refuses_the_row_whatever_pyarrow_makes_of_it(value: Json, column: str, reason: str) -> None:
    is_converted, _, rejects = both_ways(**value)

    assert not is_converted
    assert rejects == [(column, reason)]


def test_an_empty_key_is_missing() -> None:
    for key in ("", None):
        assert both_ways(id=key)[2] == [("id", "missing")]


def test_a_required_value_that_is_missing_refuses_the_row_though_it_is_no_key() -> None:
    url = Column("url", Type.STRING, "an image", "object.url", nullable=False)
    things = table(url, Column("name", Type.STRING, "a name", "name"))
    for value in ({"name": "n"}, {"name": "n", "object": {}}, {"object": {"url": None}}, {"object": None}):
        _, (_, rejects, made, refused) = read_both_ways(project([things]), [things], dict(value))

        assert rejects == [Reject("things", "url", "missing")]
        assert (made, refused) == ({"things": 1}, {"things": 1})


def test_a_required_value_missing_in_a_list_element_refuses_that_element() -> None:
    columns = (key_column("name", "a name", "objects[].name"), key_column("id", "an id", "id"))
    things = table(*columns, rows_from=("objects[]",))
    root = project([things])

    for objects in ([{"name": "a"}, {}], [{}, {"name": "b"}], [{"name": "a"}, None]):
        _, (fields, rejects, made, refused) = read_both_ways(root, [things], {"id": "x", "objects": objects})
        assert rejects == [Reject("things", "name", "missing")]
        assert (made, refused, fields["refused"]) == ({"things": 2}, {"things": 1}, None)
    _, (fields, rejects, made, refused) = read_both_ways(root, [things], {"objects": [{"name": "a"}, {"name": "b"}]})
    assert rejects == [Reject("things", "id", "missing")] * 2
    assert (made, refused, fields["refused"]) == ({"things": 2}, {"things": 2}, None)
    assert [element["refused"] for element in fields["objects"]] == [["things"], ["things"]]
    _, (fields, rejects, made, refused) = read_both_ways(root, [things], {"objects": []})
    assert (rejects, made, refused) == ([], {}, {})


# --- payloads with the names of our own fields


def test_fields_of_the_payload_that_have_our_own_names_are_ignored() -> None:
    value = {
        "refused": ["things"],
        "counted_count": 9,
        "firsts_first": "theirs",
        "covers_first": {"url": "theirs"},
        "objects": [{"name": "n", "refused": ["things"]}, {"name": "m", "refused": []}, {"name": "o", "refused": 5}],
        "object": {"inner": "i", "refused": ["things"]},
    }
    _, fields, rejects = both_ways(**value)
    assert both_ways(refused=["things"]) == (True, {}, [])

    assert rejects == []
    assert fields == {
        "object": {"inner": "i", "at": None},
        "objects": [
            {"name": "n", "size": None, "refused": None},
            {"name": "m", "size": None, "refused": None},
            {"name": "o", "size": None, "refused": None},
        ],
    }


@pytest.mark.parametrize(
    "value",
    [
        {"id": "x"},
        {"id": "x", "object": None, "counted_count": 9, "covers_first": "theirs"},
        {"id": "x", "object": {"at": "2026-11-20T00:00:00Z"}, "at": "2026-11-20T00:00:00Z", "on": "2026-11-20"},
        {"id": "x", "counted": ["a"], "covers": [{"url": "u", "width": 1}], "times": ["2026-11-20T00:00:00Z"]},
        {"id": "x", "at": "2026-11-20T00:00:00Z", "number": "n/a", "covers": [{"url": "u"}], "counted": []},
    ],
)
def test_typing_leaves_the_payload_unchanged(value: Json) -> None:
    before = copy.deepcopy(value)

    Typer(ROOT, {"song": [THINGS]}).type_rows([value], ["song"], {})

    assert value == before


# --- many rows


def test_an_unusual_row_does_not_change_the_rows_beside_it() -> None:
    values: list[Json] = [{"id": str(n), "number": n} for n in range(100)]
    values[7]["number"] = "7"
    values[50]["number"] = Decimal("5.5")
    values[99] = {"id": "", "number": 99}

    typed = Typer(ROOT, {"song": [THINGS]}).type_rows(values, ["song"] * 100, {20: "cannot be read"})

    rows = dict(zip(typed.numbers, typed.array.to_pylist(), strict=True))
    assert {n: row["number"] for n, row in rows.items()} == {n: None if n == 50 else n for n in range(100)}
    assert [unusual.number for unusual in typed.unusual][-1] == 99
    rejects = [(unusual.number, *unusual.row.rejects) for unusual in typed.unusual if unusual.row.rejects]
    assert rejects == [(50, Reject("things", "number", "no int: 5.5")), (99, Reject("things", "id", "missing"))]
    assert (typed.made["things"], typed.refused["things"]) == (100, 2)


SONG_TABLES: list[Table] = [*tables_from(TABLES, MadeFrom.ITEM), SONG_MARKETS]
TABLES_OF_KIND = {kind: [of for of in SONG_TABLES if kind in of.kinds] for kind in ITEMS.tables}
CHECK_TABLES: list[Table] = [*tables_from(TABLES, MadeFrom.CHECK), PLAYLIST_IMAGES]
PLAYLIST: Json = {
    "name": "Mine",
    "public": True,
    "owner": {"id": "u1"},
    "followers": {"total": 5},
    "images": [{"url": "u", "width": 640}, {"url": "v", "width": None}],
    "items": {"total": 7},
}


@pytest.mark.slow
@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(rows=playlists, seed=st.integers(0, 2**32), markets=st.sampled_from(ODD))
def test_a_chunk_of_items_is_typed_as_each_item_by_itself(rows: list[Json], seed: int, markets: Any) -> None:
    chance = random.Random(seed)
    items = [
        item_row(row) for row in _as_read([*rows, *with_odd_values(rows, chance), song("s", available_markets=markets)])
    ]
    reasons = {number: item.reason for number, item in enumerate(items) if item.reason is not None}

    _assert_typed_alike(
        Typer(project(SONG_TABLES), TABLES_OF_KIND),
        [item.payload for item in items],
        [item.kind for item in items],
        reasons,
    )


@pytest.mark.slow
@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(seed=st.integers(0, 2**32))
def test_a_chunk_of_checks_is_typed_as_each_check_by_itself(seed: int) -> None:
    chance = random.Random(seed)
    values = [PLAYLIST, *[value for _ in range(3) for value in with_odd_values([PLAYLIST], chance)]]
    payloads = [{"playlist": value} for value in _as_read(values)]

    _assert_typed_alike(Typer(project(CHECK_TABLES), {"check": CHECK_TABLES}), payloads, ["check"] * len(payloads), {})


def _as_read(values: list[Any]) -> list[Any]:
    """The values as the reader parses them: numbers with a fraction do not become floats."""
    rows = read_document(json.dumps({"items": [{"item": value} for value in values]}).encode()).checks[0].rows()
    return [row["item"] for _, row in rows]


def _assert_typed_alike(typer: Typer, payloads: list[Json], kinds: list[str], reasons: dict[int, str]) -> None:
    typed = typer.type_rows(payloads, kinds, reasons)

    each = [
        read_row(typer._root, typer._tables[kind], payload, reasons.get(number))
        for number, (kind, payload) in enumerate(zip(kinds, payloads, strict=True))
    ]
    assert sorted(typed.numbers) == list(range(len(payloads)))
    expected = pa.array([each[number].fields for number in typed.numbers], typer.type)
    assert typed.array.to_pylist() == expected.to_pylist()
    assert typed.made == sum((row.made for row in each), Counter())
    assert typed.refused == sum((row.refused for row in each), Counter())
    rejects = {unusual.number: unusual.row.rejects for unusual in typed.unusual if unusual.row.rejects}
    assert rejects == {number: row.rejects for number, row in enumerate(each) if row.rejects}
