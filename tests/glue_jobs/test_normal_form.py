"""The normal form keeps what some column is made from, and marks what has the wrong structure."""

import json

import pytest
from glue_jobs.normal_form import (
    MISFIT,
    PLAYLIST,
    ROW,
    Array,
    Count,
    Doubts,
    First,
    Leaf,
    Node,
    Struct,
    misfit,
)

from shared.contract import Type

TEXT, COUNT, FLAG, TIME = Leaf(Type.STRING), Leaf(Type.INT), Leaf(Type.BOOLEAN), Leaf(Type.TIMESTAMP)
COUNTED, COVER = Count(), First(Struct({"url": TEXT}))


def fit(node: Node, value: object) -> object:
    return node.fit(value, [])


def is_plain(node: Node, value: object) -> bool:
    doubts: Doubts = []
    node.fit(value, doubts)
    return not doubts


def test_unknown_keys_and_nulls_are_left_out_at_every_level() -> None:
    row = {
        "added_at": None,
        "added_by": {"id": "u1", "href": "h"},
        "primary_color": "red",
        "item": {"id": "s1", "popularity": None, "album": {"id": "al1", "label": "L"}, "artists": []},
    }

    assert fit(ROW, row) == {"added_by": {"id": "u1"}, "item": {"id": "s1", "album": {"id": "al1"}, "artists": []}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        ("", ""),
        ("\u2028", "\u2028"),
        ("\ud83d", "\ud83d"),
        (0, "0"),
        (-1, "-1"),
        (2**70, "1180591620717411303424"),
        (1.5, "1.5"),
        (1e308, "1e+308"),
        (float("inf"), "Infinity"),  # what Python makes of 1e999
        (True, "true"),
        (False, "false"),
    ],
)
def test_a_scalar_is_its_text_as_json_has_it(value: object, text: str) -> None:
    assert fit(COUNT, value) == text
    assert fit(ROW, {"item": {"name": value}}) == {"item": {"name": text}}


def test_a_whole_book_is_marked_and_cut() -> None:
    assert fit(TEXT, "n" * 1_000_000) == "n" * 1_000_000
    assert fit(TEXT, "n" * 1_000_001) == '\u0001misfit:"' + "n" * 999
    assert fit(TEXT, ["n" * 1_000_001]) == '\u0001misfit:["' + "n" * 998


@pytest.mark.parametrize("value", [{"a": [1]}, [], ["x"]])
def test_a_structure_where_a_scalar_should_be_is_marked_and_kept_as_json(value: object) -> None:
    fitted = fit(TEXT, value)

    assert isinstance(fitted, str)
    assert fitted.startswith("\u0001misfit:")
    assert json.loads(fitted.removeprefix("\u0001misfit:")) == value


@pytest.mark.parametrize("value", ["text", 5, True, {"id": "a1"}])
def test_what_should_be_a_list_is_one_marked_element(value: object) -> None:
    assert fit(Array(TEXT), value) == [misfit(value)]
    assert fit(Array(Struct({"id": TEXT, "url": TEXT})), value) == [{"id": misfit(value), "url": misfit(value)}]


@pytest.mark.parametrize("value", ["text", 5, True, [], [{"id": "al1"}]])
def test_what_should_be_an_object_marks_every_leaf_below(value: object) -> None:
    marked = misfit(value)
    node = Struct({"id": TEXT, "images": Array(Struct({"url": TEXT})), "urls": Struct({"spotify": TEXT})})

    assert fit(node, value) == {"id": marked, "images": [{"url": marked}], "urls": {"spotify": marked}}


def test_null_elements_keep_their_place_in_a_list() -> None:
    fitted = fit(ROW, {"item": {"artists": [None, {"id": "a1"}, "text"], "languages": [None, "sv", ["no"]]}})

    assert isinstance(fitted, dict)
    assert [artist and artist["id"] for artist in fitted["item"]["artists"]] == [None, "a1", misfit("text")]
    assert fitted["item"]["languages"] == [None, "sv", misfit(["no"])]


@pytest.mark.parametrize(
    ("markets", "fitted"),
    [
        ([], "0"),
        (["SE", "NO"], "2"),
        (["", "NO"], "2"),
        ([None, "SE", 5], "3"),
        ([None, "SE", ["NO"], {}], '\u0001misfit:["NO"]'),
        (["SE", '\u0001misfit:"NO"'], '\u0001misfit:"NO"'),
        ("SE", '\u0001misfit:"SE"'),
        ({}, "\u0001misfit:{}"),
    ],
)
def test_of_markets_only_the_number_is_kept(markets: object, fitted: object) -> None:
    assert fit(ROW, {"item": {"available_markets": markets}}) == {"item": {"available_markets": fitted}}
    assert is_plain(COUNTED, markets) is (len(str(fitted)) == 1)


@pytest.mark.parametrize(
    ("images", "fitted"),
    [
        ([], None),
        ([None, {"url": "second"}], None),
        ([{"url": "first", "width": 640}, {"url": "second"}], {"url": "first"}),
        (["text"], {"url": misfit("text")}),
        ("text", {"url": misfit("text")}),
    ],
)
def test_of_images_only_the_first_is_kept(images: object, fitted: object) -> None:
    assert fit(ROW, {"item": {"album": {"images": images}}}) == {"item": {"album": {"images": fitted}}}
    assert is_plain(COVER, images) is (fitted in (None, {"url": "first"}))


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        (TEXT, "text"),
        (TEXT, ""),
        (TEXT, 5),
        (TEXT, True),
        (COUNT, 0),
        (COUNT, 2**31 - 1),
        (FLAG, False),
        (TIME, "2026-11-20T10:00:00Z"),
    ],
)
def test_what_is_sure_to_cast_is_plain(leaf: Leaf, value: object) -> None:
    assert is_plain(leaf, value)
    assert is_plain(Struct({"x": leaf}), {"x": value, "unknown": misfit({})})
    assert is_plain(Array(leaf), [value, value])


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        (TEXT, misfit([])),
        (TEXT, []),
        (TEXT, "n" * 1_000_001),
        (COUNT, "5"),
        (COUNT, 1.0),
        (COUNT, True),
        (COUNT, 2**31),
        (COUNT, -(2**31) - 1),
        (FLAG, "true"),
        (FLAG, 1),
        (TIME, "2026-11-20"),
        (TIME, "2026-11-20T10:00:00+01"),
        (TIME, 1763632800),
        (COUNT, {}),
        (TIME, {}),
    ],
)
def test_what_may_not_cast_is_not_plain(leaf: Leaf, value: object) -> None:
    assert not is_plain(leaf, value)
    assert not is_plain(Struct({"x": leaf}), {"x": value})
    assert not is_plain(Array(leaf), [value])


@pytest.mark.parametrize("text", ["2026-13-45T10:00:00Z", "sometime last summerZ"[:19] + "Z"])
def test_a_text_of_the_right_length_is_no_time_for_that(text: str) -> None:
    assert not is_plain(TIME, text)


def test_a_list_with_a_null_is_not_plain_since_the_null_will_be_rejected() -> None:
    assert is_plain(Array(TEXT), ["a", "b"])
    assert not is_plain(Array(TEXT), ["a", None])
    assert not is_plain(Array(TEXT), "a")


def test_an_object_without_its_key_is_not_plain_nor_is_what_is_no_object() -> None:
    node = Struct({"id": Leaf(Type.STRING, is_key=True), "name": TEXT})

    assert is_plain(node, {"id": "a1"})
    assert not is_plain(node, {"name": "A"})
    assert not is_plain(node, {"id": None, "name": "A"})
    assert not is_plain(node, "a1")


def test_the_deepest_structure_wins_when_columns_share_a_path() -> None:
    artists = ROW.fields["item"].fields["artists"]  # type: ignore[union-attr]  # `item.artists[]` is a source, too

    assert isinstance(artists, Array)
    assert isinstance(artists.element, Struct)
    assert sorted(artists.element.fields) == ["external_urls", "id", "name", "uri"]


def test_the_row_has_no_playlist_and_the_playlist_no_row() -> None:
    assert sorted(ROW.fields) == ["added_at", "added_by", "is_local", "item"]
    assert "owner" in PLAYLIST.fields  # type: ignore[union-attr]
    assert "item" not in PLAYLIST.fields  # type: ignore[union-attr]


def test_the_mark_is_nothing_that_a_name_begins_with() -> None:
    assert not MISFIT[0].isprintable()
