"""Which tables refuse a row, why, and that no other table does."""

from typing import Any

import pytest

from glue_jobs.reading.parquet import CHECK, CHECKS, ITEMS
from glue_jobs.reading.projection import project
from glue_jobs.reading.refusals import Reject, TypedRow, read_row
from glue_jobs.reading.values import Decimal
from shared.contract import MadeFrom, key_column, tables_from
from shared.tables import TABLES
from shared.tables.songs import SONGS
from tests.glue_jobs.documents import Json, album, episode, local, row, song
from tests.glue_jobs.reading.contracts import PLAYLIST_IMAGES, SONG_MARKETS, item_row, read, read_both_ways, table

NO_ID = {"name": "no id"}


def reading(raw_row: object) -> TypedRow:
    """The typed row that the suite's own tables make of a playlist row."""
    item = item_row(raw_row)
    return read_row(ITEMS.payload, ITEMS.tables[item.kind], item.payload, item.reason)


def rejects(raw_row: object) -> list[tuple[str, str | None, str]]:
    """Table, column and reason of its rejects, in the order of the tables' names."""
    return sorted((reject.table, reject.column, reject.reason) for reject in reading(raw_row).rejects)


def counts(counted: dict[str, int]) -> Json:
    return {name: count for name, count in counted.items() if count}


# --- which tables


def test_a_usual_song_makes_a_row_in_every_table_and_none_refuses_it() -> None:
    made = reading(song("s1", artists=["a1", "a2"], album=album("al1", artists=["a1"]), popularity=5))

    assert made.rejects == []
    assert made.refused == {}
    assert made.made == {
        "songs": 1,
        "albums": 1,
        "artists": 3,
        "song_artists": 2,
        "album_artists": 1,
        "song_popularity": 1,
        "playlist_items": 1,
    }


@pytest.mark.parametrize(
    ("raw_row", "made"),
    [
        (song("s1"), {"songs": 1, "playlist_items": 1}),
        (song("s1", popularity=None, album=None, artists=[]), {"songs": 1, "playlist_items": 1}),
        (song("s1", album={}), {"songs": 1, "albums": 1, "playlist_items": 1}),
        (episode("e1", album={"id": "sh1"}, artists=[{"id": "x"}], popularity=5), {"episodes": 1, "playlist_items": 1}),
        (local("spotify:local:A:B:C:1", artists=[{"name": "A"}], popularity=5), {"playlist_items": 1}),
        (row(None), {"playlist_items": 1}),
        (None, {"playlist_items": 1}),
        (5, {"playlist_items": 1}),
    ],
)
def test_a_row_makes_rows_in_the_tables_of_its_kind_alone(raw_row: object, made: Json) -> None:
    assert counts(reading(raw_row).made) == made


@pytest.mark.parametrize(
    ("raw_row", "expected"),
    [
        (song("s1", duration_ms="n/a"), [("songs", "duration_ms", "no int: n/a")]),
        (song("s1", duration_ms=Decimal("1.5")), [("songs", "duration_ms", "no int: 1.5")]),
        (song("s1", explicit="maybe"), [("songs", "explicit", "no boolean: maybe")]),
        (
            song("s1", popularity="high"),
            [("song_popularity", "popularity", "no int: high"), ("songs", "popularity", "no int: high")],
        ),
        (song("s1", name={}), [("playlist_items", "item_name", "no string: {}"), ("songs", "name", "no string: {}")]),
        (song("s1", available_markets="SE"), [("songs", "available_market_count", "no int: SE")]),
        (song("s1", available_markets={"SE": 1}), [("songs", "available_market_count", 'no int: {"SE": 1}')]),
        (song("s1", external_ids=[]), [("songs", "isrc", "no string: []")]),
        (song("s1", row_fields={"added_at": "2026"}), [("playlist_items", "added_at", "no timestamp: 2026")]),
        (song("s1", row_fields={"added_by": "u1"}), [("playlist_items", "added_by_id", 'no string: "u1"')]),
        (song("s1", album=album("")), [("albums", "album_id", "missing")]),
        (song("s1", album={"id": "al1", "images": [["u"]]}), [("albums", "image_url", 'no string: ["u"]')]),
        (song("s1", album={"id": "al1", "total_tracks": {}}), [("albums", "total_tracks", "no int: {}")]),
        # The release date keeps its text: released_on and release_year derive from it and may be null.
        (song("s1", album={"id": "al1", "release_date": "someday"}), []),
        (song("s1", album={"id": "al1", "release_date": 1999}), []),
        (
            song("s1", album={"id": "al1", "release_date": [1999]}),
            [("albums", "release_date_text", "no string: [1999]")],
        ),
        (episode("e1", duration_ms="n/a"), [("episodes", "duration_ms", "no int: n/a")]),
        (episode("e1", languages="sv"), [("episodes", "language", 'no string: "sv"')]),
        (episode("e1", languages=[["sv"]]), [("episodes", "language", 'no string: ["sv"]')]),
        (episode("e1", show="text"), [("episodes", "show_id", 'no string: "text"')]),
        # An episode is no song: values that only songs are made from do not matter.
        (episode("e1", popularity="high", available_markets="SE", album={"images": 5}), []),
        (local("spotify:local:A:B:C:1", duration_ms="n/a", album="text"), []),
        (local("spotify:local:A:B:C:1", name=["x"]), [("playlist_items", "item_name", 'no string: ["x"]')]),
    ],
)
def test_a_malformed_value_is_refused_by_the_tables_that_are_made_from_it(
    raw_row: object, expected: list[tuple[str, str, str]]
) -> None:
    assert rejects(raw_row) == expected


def test_an_object_in_place_of_an_album_is_refused_by_every_table_made_from_albums() -> None:
    assert rejects(song("s1", album="text")) == [
        ("album_artists", "album_id", 'no string: "text"'),
        ("albums", "album_id", 'no string: "text"'),
        ("artists", "artist_id", 'no string: "text"'),
        ("songs", "album_id", 'no string: "text"'),
    ]


def test_a_table_refuses_a_row_once_for_the_first_of_its_columns() -> None:
    typed = reading(song("s1", duration_ms="n/a", explicit="maybe", popularity=[]))

    assert [reject for reject in typed.rejects if reject.table == "songs"] == [
        Reject("songs", "duration_ms", "no int: n/a")
    ]
    assert counts(typed.made) == {"songs": 1, "song_popularity": 1, "playlist_items": 1}
    assert typed.refused == {"songs": 1, "song_popularity": 1}
    assert typed.fields["refused"] == ["songs", "song_popularity"]


def test_a_position_that_breaks_the_contract_is_kept_and_not_counted_as_refused() -> None:
    typed = reading(song("s1", row_fields={"added_at": "long ago"}))

    assert typed.rejects == [Reject("playlist_items", "added_at", "no timestamp: long ago")]
    assert typed.fields["refused"] == ["playlist_items"]
    assert counts(typed.refused) == {}
    assert (typed.fields["added_at"], typed.fields["item"]["id"]) == (None, "s1")


@pytest.mark.parametrize(
    ("raw_row", "reason"),
    [
        (5, "the row is no object but 5"),
        (row("s1"), 'the entry is no object but "s1"'),
        (row({"id": "c1", "type": "chapter", "name": []}), 'neither a track nor an episode: "chapter"'),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_as_a_whole_and_keeps_its_position(raw_row: object, reason: str) -> None:
    typed = reading(raw_row)

    assert typed.rejects == [Reject("playlist_items", None, reason)]
    assert (counts(typed.made), counts(typed.refused)) == ({"playlist_items": 1}, {})


# --- credits: each element by itself


def test_only_the_credit_that_is_malformed_is_refused() -> None:
    typed = reading(song("s1", artists=["a1", {"id": "a2", "name": ["x"]}, "a3"]))

    # song_artists needs no name; artists does, and so does playlist_items.artist_names.
    assert typed.rejects == [
        Reject("artists", "name", 'no string: ["x"]'),
        Reject("playlist_items", "artist_names", 'no string: ["x"]'),
    ]
    assert [artist.get("refused") for artist in typed.fields["item"]["artists"]] == [None, ["artists"], None]
    assert (typed.made["artists"], typed.refused["artists"]) == (3, 1)
    assert (typed.made["song_artists"], typed.refused["song_artists"]) == (3, 0)


@pytest.mark.parametrize("missing", [None, NO_ID, {}, {"id": ""}, {"id": None}])
def test_a_credit_without_an_id_is_missing_and_the_others_are_not(missing: Any) -> None:
    typed = reading(song("s1", artists=["a1"], album=album("al1", artists=[missing, "a2"])))

    assert typed.rejects == [
        Reject("artists", "artist_id", "missing"),
        Reject("album_artists", "artist_id", "missing"),
    ]
    refused = [artist.get("refused") for artist in typed.fields["item"]["album"]["artists"]]
    assert refused == [["artists", "album_artists"], None]
    assert (typed.made["artists"], typed.refused["artists"]) == (3, 1)
    assert (typed.made["album_artists"], typed.refused["album_artists"]) == (2, 1)


@pytest.mark.parametrize("strange", ["text", 5, ["a1"], [], True])
def test_a_credit_that_is_no_object_is_malformed_in_its_place(strange: Any) -> None:
    shown = {"text": '"text"', 5: "5", True: "true"}.get(strange) if not isinstance(strange, list) else None
    reason = f"no string: {shown or str(strange).replace(chr(39), chr(34))}"

    typed = reading(song("s1") | {"item": {"id": "s1", "artists": [{"id": "a1"}, strange]}})

    assert typed.rejects == [
        Reject("artists", "artist_id", reason),
        Reject("song_artists", "artist_id", reason),
        Reject("playlist_items", "artist_names", reason),
    ]
    assert [artist.get("refused") for artist in typed.fields["item"]["artists"]] == [None, ["artists", "song_artists"]]


@pytest.mark.parametrize(
    ("strange", "reason"),
    [("text", 'no string: "text"'), (5, "no string: 5"), ({"id": "a1"}, 'no string: {"id": "a1"}')],
)
def test_a_list_that_is_no_list_is_one_malformed_element(strange: Any, reason: str) -> None:
    typed = reading(row({"id": "s1", "artists": strange}))

    assert typed.rejects == [
        Reject("artists", "artist_id", reason),
        Reject("song_artists", "artist_id", reason),
        Reject("playlist_items", "artist_names", reason),
    ]
    assert (typed.made["song_artists"], typed.refused["song_artists"]) == (1, 1)


def test_an_artist_who_is_credited_twice_makes_two_rows() -> None:
    typed = reading(song("s1", artists=["a1", "a2", "a1"]))

    assert typed.rejects == []
    assert (typed.made["song_artists"], typed.made["artists"]) == (3, 3)
    assert [artist["id"] for artist in typed.fields["item"]["artists"]] == ["a1", "a2", "a1"]


def test_a_malformed_key_of_the_album_refuses_each_of_its_credits_and_no_artist() -> None:
    typed = reading(song("s1", album=album(None, artists=["a1", "a2"]) | {"id": {}}))

    assert [reject for reject in typed.rejects if reject.table == "album_artists"] == [
        Reject("album_artists", "album_id", "no string: {}")
    ] * 2
    assert (typed.made["album_artists"], typed.refused["album_artists"]) == (2, 2)
    assert [artist.get("refused") for artist in typed.fields["item"]["album"]["artists"]] == [["album_artists"]] * 2
    assert (typed.made["artists"], typed.refused["artists"]) == (2, 0)


def test_the_credits_of_a_song_do_not_matter_to_those_of_its_album() -> None:
    typed = reading(song("s1", artists=[{"id": {}}], album=album("al1", artists=["a1"])))

    assert typed.refused == {"artists": 1, "song_artists": 1}
    assert [artist.get("refused") for artist in typed.fields["item"]["album"]["artists"]] == [None]


# --- checks of playlists


def check(playlist: Any) -> TypedRow:
    return read_row(CHECKS.payload, CHECKS.tables[CHECK], {"playlist": playlist})


@pytest.mark.parametrize(
    ("playlist", "column", "reason"),
    [
        ({"items": {"total": Decimal("1.0")}}, "total", "no int: 1.0"),
        ({"items": {"total": 10**1200}}, "total", "no int: 1" + "0" * 199),
        ({"items": {"total": "n" * 1_000_001}}, "total", 'no int: "' + "n" * 199),
        ({"items": {"total": ["n" * 2000]}}, "total", 'no int: ["' + "n" * 198),
        ({"public": "perhaps"}, "is_public", "no boolean: perhaps"),
        ({"owner": "u1"}, "owner_id", 'no string: "u1"'),
        ({"images": "u"}, "image_url", 'no string: "u"'),
        ({"images": ["u"]}, "image_url", 'no string: "u"'),
        ({"followers": 5}, "follower_count", "no int: 5"),
    ],
)
def test_a_check_with_a_malformed_value_is_refused(playlist: Json, column: str, reason: str) -> None:
    typed = check(playlist)

    assert typed.rejects == [Reject("playlist_checks", column, reason)]
    assert typed.refused == {"playlist_checks": 1}


def test_a_check_without_a_description_is_not_refused() -> None:
    for playlist in (None, {}, {"name": "", "images": [], "owner": None, "snapshot_id": ["strange"]}):
        typed = check(playlist)
        assert (typed.rejects, typed.made) == ([], {"playlist_checks": 1})


# --- two more tables


MARKETS = (SONGS, SONG_MARKETS)
IMAGES = (*tables_from(TABLES, MadeFrom.CHECK), PLAYLIST_IMAGES)


def markets(item: Json) -> tuple[Any, Any, Any, list[Reject], Json, Json]:
    """The count, the elements and the row's refusals; its rejects, rows made and rows refused."""
    fields, rejected, made, refused = read(MARKETS, {"item": {"id": "s1"} | item})
    of = fields["item"]
    return of["available_markets_count"], of["available_markets"], fields["refused"], rejected, made, refused


@pytest.mark.parametrize("value", [["SE", "NO"], ["SE", "SE"]])
def test_each_market_makes_a_row_beside_their_number(value: list[str]) -> None:
    assert markets({"available_markets": value}) == (2, value, None, [], {"songs": 1, "song_markets": 2}, {})


def test_markets_that_are_withheld_make_no_row() -> None:
    assert markets({}) == (None, None, None, [], {"songs": 1}, {})
    assert markets({"available_markets": []}) == (0, [], None, [], {"songs": 1}, {})


def test_a_missing_or_malformed_market_is_refused_but_counted() -> None:
    assert markets({"available_markets": ["SE", None, "", ["NO"], {}]}) == (
        5,
        ["SE", None, None, None, None],
        None,
        [
            Reject("song_markets", "market", "missing"),
            Reject("song_markets", "market", "missing"),
            Reject("song_markets", "market", 'no string: ["NO"]'),
            Reject("song_markets", "market", "no string: {}"),
        ],
        {"songs": 1, "song_markets": 5},
        {"song_markets": 4},
    )


def test_markets_that_are_no_list_are_refused_by_both_tables() -> None:
    assert markets({"available_markets": "SE"}) == (
        None,
        [None],
        ["songs"],
        [
            Reject("songs", "available_market_count", "no int: SE"),
            Reject("song_markets", "market", 'no string: "SE"'),
        ],
        {"songs": 1, "song_markets": 1},
        {"songs": 1, "song_markets": 1},
    )


@pytest.mark.parametrize(
    ("item", "refusal", "of_null"),
    [
        ({"id": {}}, ("song_id", "no string: {}"), ("song_id", "no string: {}")),
        ({"duration_ms": "n/a"}, ("duration_ms", "no int: n/a"), ("market", "missing")),
    ],
)
def test_a_malformed_value_of_the_song_refuses_all_its_markets_and_marks_the_row(
    item: Json, refusal: tuple[str, str], of_null: tuple[str, str]
) -> None:
    # A text element has no field that could mark it as refused.
    assert markets(item | {"available_markets": ["SE", None, "NO"]}) == (
        3,
        ["SE", None, "NO"],
        ["songs", "song_markets"],
        [
            Reject("songs", *refusal),
            Reject("song_markets", *refusal),
            Reject("song_markets", *of_null),
            Reject("song_markets", *refusal),
        ],
        {"songs": 1, "song_markets": 3},
        {"songs": 1, "song_markets": 3},
    )


def images(value: Any) -> tuple[Any, Any, Any, list[Reject], Json, Json]:
    fields, rejected, made, refused = read(IMAGES, {"playlist": {"images": value}})
    playlist = fields["playlist"]
    return playlist["images_first"], playlist["images"], fields["refused"], rejected, made, refused


def test_each_image_makes_a_row_beside_the_first_of_them() -> None:
    assert images([{"url": "u", "width": 640}, {"url": "v", "height": 5}]) == (
        {"url": "u"},
        [{"url": "u", "width": 640, "refused": None}, {"url": "v", "width": None, "refused": None}],
        None,
        [],
        {"playlist_checks": 1, "playlist_images": 2},
        {},
    )


def test_an_image_is_refused_by_itself() -> None:
    assert images([{"url": "u"}, None, {"url": "v", "width": "wide"}, "w", {"url": ""}]) == (
        {"url": "u"},
        [
            {"url": "u", "width": None, "refused": None},
            {"url": None, "width": None, "refused": ["playlist_images"]},
            {"url": "v", "width": None, "refused": ["playlist_images"]},
            {"url": None, "width": None, "refused": ["playlist_images"]},
            {"url": None, "width": None, "refused": ["playlist_images"]},
        ],
        None,
        [
            Reject("playlist_images", "url", "missing"),
            Reject("playlist_images", "width", "no int: wide"),
            Reject("playlist_images", "url", 'no string: "w"'),
            Reject("playlist_images", "url", "missing"),
        ],
        {"playlist_checks": 1, "playlist_images": 5},
        {"playlist_images": 4},
    )


def test_images_that_are_no_list_are_refused_by_both_tables() -> None:
    assert images("u") == (
        {"url": None},
        [{"url": None, "width": None, "refused": ["playlist_images"]}],
        ["playlist_checks"],
        [Reject("playlist_checks", "image_url", 'no string: "u"'), Reject("playlist_images", "url", 'no string: "u"')],
        {"playlist_checks": 1, "playlist_images": 1},
        {"playlist_checks": 1, "playlist_images": 1},
    )


def test_two_more_tables_change_no_row_of_the_suites_own() -> None:
    tables = [*tables_from(TABLES, MadeFrom.ITEM), SONG_MARKETS]
    value = song("s1", artists=["a1"], album=album("al1"), available_markets=["SE"], popularity="high")

    _, (_, rejected, made, refused) = read_both_ways(
        project(tables), [of for of in tables if "song" in of.kinds], value
    )

    own = reading(value)
    assert rejected == own.rejects
    assert made == counts(own.made) | {"song_markets": 1}
    assert refused == counts(own.refused)


def test_lists_in_lists_are_refused_element_by_element() -> None:
    things = table(key_column("name", "a name", "a[].b[].name"), rows_from=("a[].b[]",))
    value = {"a": [{"b": [{"name": "x"}, {}]}, None, {"b": [{"name": []}]}, {"b": [{"name": "y"}]}]}

    fields, rejected, made, refused = read([things], value)

    assert (made, refused) == ({"things": 4}, {"things": 2})
    assert rejected == [Reject("things", "name", "missing"), Reject("things", "name", "no string: []")]
    refusals = [element["refused"] for outer in fields["a"] for element in outer["b"] or ()]
    assert refusals == [None, ["things"], ["things"], None]
