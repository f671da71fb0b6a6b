"""Which fields of the payload the contracts read, and how their paths are reconciled."""

from typing import Any

import pytest

from glue_jobs.reading.parquet import CHECKS, ITEMS
from glue_jobs.reading.projection import (
    Array,
    ContractError,
    Count,
    First,
    Leaf,
    Node,
    Struct,
    field_name,
    node_at,
    project,
)
from shared.contract import Column, MadeFrom, Table, Type, key_column, tables_from
from shared.tables import TABLES
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from shared.tables.plays import PLAYS
from shared.tables.songs import SONGS
from tests.glue_jobs.reading.contracts import PLAYLIST_IMAGES, SONG_MARKETS, table


def column(source: str | tuple[str, ...], kind: Type = Type.STRING, name: str = "value") -> Column:
    return Column(name, kind, "a value", source)


def other(*columns: Column) -> Table:
    """A second table, named differently from `table`."""
    return Table(**{**vars(table(*columns)), "name": "others"})


def shape(node: Node) -> Any:
    """The tree as plain values: types, `#` for a count, `[0]` for a first element, a list for every element."""
    match node:
        case Leaf(kind):
            return kind.value
        case Count():
            return "#"
        case First(element):
            return ("[0]", shape(element))
        case Array(element):
            return [shape(element)]
        case Struct(fields):
            return {name: shape(stored.node) for name, stored in fields.items()}


def test_a_path_says_how_much_of_a_list_is_kept() -> None:
    root = project([table(column("a[]"), column("b[0]"), column("c[#]", Type.INT), column("d", Type.BOOLEAN))])

    assert shape(root) == {"a": ["string"], "b_first": ("[0]", "string"), "c_count": "#", "d": "boolean"}
    assert {name: stored.key for name, stored in root.fields.items()} == {
        "a": "a",
        "b_first": "b",
        "c_count": "c",
        "d": "d",
    }


def test_objects_in_lists_are_kept_with_the_fields_that_some_column_reads() -> None:
    root = project([table(column("x.a[].id"), column("x.a[].n", Type.INT), column("x.b[0].c[].d"))])

    assert shape(root) == {"x": {"a": [{"id": "string", "n": "int"}], "b_first": ("[0]", {"c": [{"d": "string"}]})}}


def test_one_list_is_kept_in_every_form_that_a_column_reads() -> None:
    root = project([table(column("a[]"), column("a[0]"), column("a[#]", Type.INT))])

    assert shape(root) == {"a": ["string"], "a_first": ("[0]", "string"), "a_count": "#"}


@pytest.mark.parametrize(
    ("segment", "name"), [("a", "a"), ("a[]", "a"), ("a[0]", "a_first"), ("a[#]", "a_count"), ("a_b[0]", "a_b_first")]
)
def test_fields_are_named_after_their_path(segment: str, name: str) -> None:
    assert field_name(segment) == name


def test_a_field_keeps_the_text_where_columns_differ_in_type() -> None:
    same = project([table(column("a", Type.INT)), other(column("a", Type.INT))])
    different = project([table(column("a", Type.INT)), other(column("a", Type.STRING)), other(column("a", Type.DATE))])
    typed = project([table(column("a", Type.INT)), other(column("a", Type.DATE))])

    assert shape(same) == {"a": "int"}
    assert shape(different) == {"a": "string"}
    assert shape(typed) == {"a": "string"}


def test_a_text_is_malformed_only_for_columns_that_are_texts() -> None:
    root = project([table(column("a", Type.DATE)), other(column("a", Type.STRING))])

    leaf = node_at(root, "a")

    assert isinstance(leaf, Leaf)
    assert [(of.name, read.name) for of, read in leaf.columns] == [("others", "value")]


def test_a_derived_column_adds_no_path() -> None:
    assert shape(project([table(Column("kind", Type.STRING, "derived", ("a", "b.c"), derived=True))])) == {}


def test_a_position_keeps_the_list_in_the_form_of_the_other_columns() -> None:
    position = Column("position", Type.INT, "place", "a[]")

    assert shape(project([table(position, column("a[].id"))])) == {"a": [{"id": "string"}]}
    assert shape(project([table(position, column("a[]"))])) == {"a": ["string"]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a", "a.b"),
        ("a", "a[]"),
        ("a[]", "a[].b"),
        ("a[0]", "a[0].b"),
        ("a.b", "a[].b"),
        ("a.b", "a.b.c"),
        ("a[].b", "a[].b[]"),
        ("a[0]", "a_first"),
        ("a[#]", "a_count"),
        ("a_first.b", "a[0].b"),
    ],
)
def test_paths_that_cannot_be_reconciled_name_both_columns(first: str, second: str) -> None:
    for path, other_path in ((first, second), (second, first)):
        with pytest.raises(ContractError) as conflict:
            project([table(column(path)), other(column(other_path, name="another"))])

        assert "things.value" in str(conflict.value)
        assert "others.another" in str(conflict.value)


def test_rows_from_a_path_that_no_column_reads_are_a_contract_error() -> None:
    for path in ("b[]", "a.b", "a[].c[]", "c"):
        with pytest.raises(ContractError, match="No column is made from"):
            project([table(column("a[].id"), rows_from=(path,))])


@pytest.mark.parametrize("path", ["a[1]", "a[-1].b", "a[", "a[*]", "a[0"])
def test_an_unknown_way_to_keep_a_list_is_a_contract_error(path: str) -> None:
    with pytest.raises(ContractError, match=r"things\.value reads .*; a list is kept as"):
        project([table(column(path))])


def test_two_more_tables_fit_beside_the_suites_own() -> None:
    items = project([*tables_from(TABLES, MadeFrom.ITEM), SONG_MARKETS])
    checks = project([*tables_from(TABLES, MadeFrom.CHECK), PLAYLIST_IMAGES])

    assert shape(node_at(items, "item.available_markets[#]")) == "#"
    assert shape(node_at(items, "item.available_markets[]")) == ["string"]
    assert shape(node_at(checks, "playlist.images[0].url")) == "string"
    assert shape(node_at(checks, "playlist.images[]")) == [{"url": "string", "width": "int"}]


def test_the_suites_own_fields() -> None:
    artist = {"id": "string", "name": "string", "uri": "string", "external_urls": {"spotify": "string"}}
    assert shape(ITEMS.payload) == {
        "item": {
            "id": "string",
            "name": "string",
            "duration_ms": "int",
            "explicit": "boolean",
            "popularity": "int",
            "album": {
                "id": "string",
                "name": "string",
                "album_type": "string",
                "release_date": "string",
                "release_date_precision": "string",
                "total_tracks": "int",
                "images_first": ("[0]", {"url": "string"}),
                "uri": "string",
                "external_urls": {"spotify": "string"},
                "artists": [artist],
            },
            "track_number": "int",
            "disc_number": "int",
            "external_ids": {"isrc": "string"},
            "is_playable": "boolean",
            "restrictions": {"reason": "string"},
            "linked_from": {"id": "string"},
            "available_markets_count": "#",
            "preview_url": "string",
            "uri": "string",
            "external_urls": {"spotify": "string"},
            "artists": [artist],
            "show": {"id": "string", "name": "string", "publisher": "string"},
            "release_date": "string",
            "languages_first": ("[0]", "string"),
            "language": "string",
        },
        "added_at": "timestamp",
        "added_by": {"id": "string"},
    }
    assert shape(CHECKS.payload) == {
        "playlist": {
            "items": {"total": "int"},
            "name": "string",
            "description": "string",
            "owner": {"id": "string"},
            "public": "boolean",
            "collaborative": "boolean",
            "followers": {"total": "int"},
            "images_first": ("[0]", {"url": "string"}),
            "external_urls": {"spotify": "string"},
        }
    }


def test_tables_are_made_from_items_checks_or_plays() -> None:
    assert SONGS in tables_from(TABLES, MadeFrom.ITEM)
    assert tables_from(TABLES, MadeFrom.CHECK) == [PLAYLIST_CHECKS]
    assert tables_from(TABLES, MadeFrom.PLAY) == [PLAYS]
    assert len(tables_from(TABLES, MadeFrom.ITEM)) == len(TABLES) - 3  # playlist_checks, plays and batches


def test_a_key_that_the_suite_makes_itself_needs_no_path() -> None:
    assert shape(project([table(key_column("playlist_id", "the playlist"))])) == {}
