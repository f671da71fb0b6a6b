"""What the page says of hand-typed rows, sentences and tables typed by hand."""

from pathlib import Path

import pytest
from markupsafe import Markup

from deploy.local.report.page import Figure, Page, Section, Table
from deploy.local.report.report import report
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.local.report.reading import Reading
from tests.deploy.snowflake.bi.landing import Landing


@pytest.fixture(scope="module")
def read(pages: dict[str, Path]) -> Reading:
    """The page of the world of two days."""
    return Reading(pages["two_days"].read_text(encoding="utf-8"))


def test_every_picture_has_a_sentence_that_holds_the_finding(read: Reading) -> None:
    assert read.sentences == {
        "page": "As of 18 November 2026, 10:00 UTC, the newest look. Each song counts once here; all of them together "
        "play 10 minutes.",
        "changes": "On 18 November 2026, the newest day with a look, 4 playlists were looked at: 1 read anew, 1 the "
        "same as before, 1 could not be read and 1 gone.",
        "come-and-go": "3 items entered and 1 item left, in 1 playlist.",
        "entered": "2 songs and 1 episode entered, such as FOUR and TALK.",
        "left": "1 song left, such as TWO.",
        "gone": "Old is gone, and with it 1 item.",
        "unseen": "p4 could not be read. It was never seen: what it holds is not known.",
        "sizes": "2 playlists hold 6 items, 1 hour and 10 minutes of sound; Mix alone has 67% of them. 1 item of these "
        "is no song.",
        "seen": "3 of 4 playlists could be seen on both days with a look, 16 November 2026 and 18 November 2026; 1 "
        "never.",
        "presence": "2 of 3 songs (67%) stand in more than one playlist; the most, 2, hold ONE and THREE.",
        "popularity": "Spotify withholds it: none of 4 songs comes with a popularity as last described. Apps in "
        "development mode do not get it, which says nothing about the songs; there is nothing to draw.",
        "stays": "The longest stay seen lasts at least 2 days, that of 3 items; what left had been seen once.",
        "most": "3 artists are credited on 3 songs; ANNA and BERT on the most, 2 each. 1 of them is on one song alone.",
        "together": "1 pair of artists shares songs; ANNA and BERT the most, 2.",
        "rise": "Since 16 November 2026 1 artist gained songs and none lost any; BERT gained most, 1.",
        "released": "Half of 2 songs came out in 2021 or later; the oldest in 1999. Of 1 song the year is not known.",
        "days": "Over 2 days, 16 November 2026 to 18 November 2026, 3 items entered and 2 items left, gone playlists "
        "included. On 1 day in between nothing was seen.",
    }


@pytest.mark.parametrize(
    ("figure", "rows"),
    [
        ("come-and-go", [("playlist", "entered", "left"), ("Mix", "3", "1")]),
        ("left", [("title", "artists", "playlist"), ("TWO", "not known", "Mix")]),
        ("gone", [("playlist", "items it held", "reason"), ("Old", "1", "not found")]),
        ("unseen", [("playlist", "why", "last seen on"), ("p4", "not found", "never")]),
        (
            "presence",
            [
                ("song", "artists", "playlists now", "playlists ever", "days held"),
                ("ONE", "ANNA, BERT", "2", "2", "4"),
                ("THREE", "CLEO", "2", "2", "2"),
                ("FOUR", "ANNA, BERT", "1", "1", "0"),
            ],
        ),
        (
            "most",
            [
                ("artist", "songs", "playlists", "shares songs with", "released"),
                ("ANNA", "2", "2", "1", "1999 to 2021"),
                ("BERT", "2", "2", "1", "1999 to 2021"),
                ("CLEO", "1", "2", "0", "not known"),
            ],
        ),
        ("together", [("artist", "with", "songs", "released"), ("ANNA", "BERT", "2", "1999 to 2021")]),
        ("rise", [("artist", "change", "songs now"), ("BERT", "1", "2")]),
        (
            "released",
            [
                ("year", "songs", "albums", "minutes"),
                ("not known", "1", "0", "1"),
                ("2021", "1", "1", "2"),
                ("1999", "1", "1", "3"),
            ],
        ),
        ("days", [("day", "entered", "left"), ("2026-11-18", "3", "2"), ("2026-11-16", "0", "0")]),
    ],
)
def test_behind_a_picture_stands_its_table(read: Reading, figure: str, rows: list[tuple[str, ...]]) -> None:
    assert read.tables[figure] == rows


def test_the_playlists_table_tells_gone_and_never_seen_from_empty(read: Reading) -> None:
    assert [(row[0], row[1], *row[7:]) for row in read.tables["sizes"]] == [
        ("playlist", "items", "followers", "last seen on", "last look"),
        ("Mix", "4", "withheld", "2026-11-18", "read"),
        ("Car", "2", "withheld", "2026-11-18", "unchanged"),
        ("Old", "not known", "withheld", "gone", "gone"),
        ("p4", "not known", "withheld", "never", "failed"),
    ]


def test_what_was_seen_when_knows_every_kind_of_look(read: Reading) -> None:
    assert read.tables["seen"] == [
        ("playlist", "day", "look", "change"),
        ("Mix", "2026-11-18", "changed", "+3 \u22121"),
        ("Mix", "2026-11-16", "first look", "-"),
        ("Car", "2026-11-18", "as before", "-"),
        ("Car", "2026-11-16", "first look", "-"),
        ("Old", "2026-11-18", "gone", "-"),
        ("Old", "2026-11-16", "first look", "-"),
        ("p4", "2026-11-18", "not seen", "-"),
        ("p4", "2026-11-16", "not seen", "-"),
    ]


def test_the_first_look_of_all_is_no_change(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.song("one")
    landing.read("2026-11-16 10:00", "one", name="Mix")

    read = Reading(report(deployed).html())

    assert read.sentences["changes"] == (
        "On 16 November 2026, the newest day with a look, 1 playlist was looked at: 1 read anew. "
        "It was the first look at all of them: what they hold now is what later looks are compared with."
    )
    assert read.sentences["come-and-go"] == "Nothing entered and nothing left."
    assert read.sentences["days"] == (
        "16 November 2026 is the only day seen so far: coming and going shows from the second one on."
    )


def test_popularity_is_told_where_it_is_shown(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    for song_id, before, now in (("one", 40, 50), ("two", 30, 22), ("three", 22, 22)):
        landing.song(song_id, popularity=now, extracted_at="2026-11-17 10:00")
        landing.popularity(song_id, "2026-11-16 10:00", before)
        landing.popularity(song_id, "2026-11-17 10:00", now)
    landing.song("hidden")
    landing.read("2026-11-17 10:00", "one", "two", "three", "hidden", name="Mix")

    read = Reading(report(deployed).html())

    assert read.sentences["popularity"] == (
        "Half of 3 songs are rated 22 or more out of 100; the highest, 50, has ONE. Of 1 song it is not known."
    )
    assert read.sentences["movers"] == (
        "At the last change of each, 1 song rose (by up to 10) and 1 song fell (by up to 8)."
    )
    assert read.tables["movers"] == [
        ("song", "change", "popularity now", "seen at"),
        ("ONE", "10", "50", "17 November 2026, 10:00 UTC"),
        ("TWO", "-8", "22", "17 November 2026, 10:00 UTC"),
    ]


def test_a_playlist_that_was_not_looked_at_is_said_to_be_old(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-16 10:00", "one", playlist="p1", name="Mix")
    landing.read("2026-11-17 10:00", "one", playlist="p2", name="Car")
    landing.look("2026-11-17 11:00", "failed", "p2", failure_class="forbidden", name="Car")

    read = Reading(report(deployed).html())

    assert read.sentences["unseen"] == (
        "Car could not be read and Mix was not looked at. "
        "What this page says of them is as of the day they were last seen."
    )
    assert read.tables["unseen"] == [
        ("playlist", "why", "last seen on"),
        ("Car", "forbidden", "2026-11-17"),
        ("Mix", "not looked at", "2026-11-16"),
    ]


def test_a_playlist_that_went_and_then_failed_holds_nothing(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-16 10:00", "one", playlist="p1", name="Mix")
    landing.look("2026-11-17 10:00", "gone", "p1")
    landing.look("2026-11-18 10:00", "failed", "p1", failure_class="removed")

    read = Reading(report(deployed).html())

    assert read.sentences["sizes"] == "No playlist has been seen whole yet."
    assert read.tables["unseen"][1] == ("Mix", "removed", "gone by 2026-11-17")


def test_a_playlist_with_a_new_name_is_said_to_be_renamed(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-16 10:00", "one", name="Mix")
    landing.read("2026-11-17 10:00", "one", name="Mix <winter>")

    read = Reading(report(deployed).html())

    assert read.sentences["renamed"] == "Mix is now Mix <winter>."
    assert read.tables["renamed"] == [("before", "now"), ("Mix", "Mix <winter>")]


def test_long_tables_are_cut_and_say_where_the_rest_is() -> None:
    rows = [(f"song {number}", number) for number in range(1, 102)]
    figure = Figure("songs", "Songs", Markup("Many."), None, Table.of(("song", "number"), rows, "BI.SONGS"))

    read = Reading(Page(Markup("All."), (), [Section("all", "All", [figure])]).html())

    assert read.tables["songs"][0] == ("song", "number")
    assert read.tables["songs"][-1] == ("song 100", "100")
    assert read.texts["songs"] == ["Many.", "The others are in the warehouse: BI.SONGS."]


def test_an_empty_warehouse_makes_a_page_that_says_what_to_do(pages: dict[str, Path]) -> None:
    read = Reading(pages["empty"].read_text(encoding="utf-8"))

    assert read.sentences == {
        "page": "No playlist has been looked at yet, so there is nothing to show. make demo shows the whole chain with "
        "made-up playlists; the README says how to take in your own. Then make this report again."
    }
    assert "script" not in read.tags


def test_an_incomplete_read_is_named_with_what_is_missing(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-16 10:00", "one", "two", playlist="p1", name="Mix")
    landing.read("2026-11-17 10:00", "one", playlist="p1", name="Mix", total=3, is_complete=False)
    landing.read("2026-11-17 10:00", "one", playlist="p2", name="Car")

    read = Reading(report(deployed).html())

    assert read.sentences["incomplete"] == (
        "Mix was read incompletely: what Spotify left out stays as it was last seen, and nothing counts as having left."
    )
    assert read.tables["incomplete"] == [("playlist", "items in all", "items left out"), ("Mix", "3", "2")]


def test_two_incomplete_reads_are_named_together(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-17 10:00", "one", playlist="p1", name="Mix", total=3, is_complete=False)
    landing.read("2026-11-17 10:00", "one", playlist="p2", name="Car", total=None, is_complete=False)

    read = Reading(report(deployed).html())

    assert read.sentences["incomplete"].startswith("Mix and Car were read incompletely: ")
    assert read.tables["incomplete"][1:] == [("Mix", "3", "2"), ("Car", "not known", "not known")]
