"""The sentences and tables of the page for hand-typed rows; expected texts are typed by hand."""

import json
from pathlib import Path
from typing import get_args

import pytest
from markupsafe import Markup

from deploy.local.report.charts import limit
from deploy.local.report.page import Figure, Page, Section
from deploy.local.report.report import report
from deploy.local.report.sections.health import REASONS
from deploy.local.report.tables import Link, Table, cell
from deploy.snowflake.embedded import EmbeddedSnowflake
from extract_lambda.failures import Kind
from tests.deploy.local.report.reading import Reading
from tests.deploy.snowflake.bi.landing import Landing


@pytest.fixture(scope="module")
def read(pages: dict[str, Path]) -> Reading:
    """The page of the world `two_days`."""
    return Reading(pages["two_days"].read_text(encoding="utf-8"))


def test_every_figure_has_a_sentence_with_the_finding(read: Reading) -> None:
    assert read.sentences == {
        "page": "Last updated 18 Nov 2026, 10:00 UTC. Songs in several playlists are counted once.",
        "changes": "From 16 Nov 2026 to 18 Nov 2026: 3 items added, 1 item removed. 1 playlist was deleted, with "
        "1 item.",
        "by-playlist": "1 playlist changed in the last 7 days.",
        "names": "Old was deleted with 1 item on or before 18 Nov 2026.",
        "added": "2 songs and 1 episode were added in the last 7 days, such as FOUR and TALK.",
        "removed": "1 song was removed in the last 7 days: TWO.",
        "sizes": "2 playlists; Mix is the longest, with 3 songs.",
        "all-playlists": "4 playlists in all, 1 deleted, 1 couldn't be read. Each song counts once. The columns "
        "added and removed cover the time since the first check.",
        "covers": "Shown are 2 of 2 albums: those with the most songs in a playlist today.",
        "all-songs": "3 songs are in a playlist today.",
        "presence": "2 of 3 songs (67%) are in more than one playlist. ONE and THREE are in 2 playlists.",
        "all-albums": "2 albums have a song in a playlist today.",
        "episodes": "1 podcast episode is in your playlists, or used to be.",
        "most": "3 songs by 3 artists. ANNA and BERT are on the most songs: 2 each. 1 artist is on only one song.",
        "together": "1 pair of artists shares songs. ANNA and BERT share the most: 2. An arc joins two artists. The "
        "thicker it is, the more songs they share.",
        "rise": "Since 16 Nov 2026, 1 artist gained songs and no artists lost songs.",
        "all-artists": "3 artists have a song in a playlist today.",
        "days": "3 items added and 2 removed from 16 Nov 2026 to 18 Nov 2026, deleted playlists included. Nothing was "
        "read on 1 day in between.",
        "released": "At least half of 2 songs came out in 2021 or later. The oldest is from 1999. The year of 1 song "
        "is not known.",
        "health": "4 playlists are checked; the last check was on 18 Nov 2026, 10:00 UTC. 1 playlist couldn't be read. "
        "Spotify does not show the popularity of songs to apps in development mode.",
        "checks": "Playlists were checked on 2 days, from 16 Nov 2026 to 18 Nov 2026.",
        "unread": "1 playlist. This page shows its contents as of the last read.",
        "entries": "6 entries: songs, repeats of a song, episodes, local files, and entries that couldn't be read.",
    }


def test_the_listeners_story_comes_first_and_data_health_last(read: Reading) -> None:
    assert read.headings == [
        "3 songs, 6 minutes of music; ANNA is on 2 songs",
        "Artist with the most songs",
        "Newest addition",
        "Playlist that changed most",
        "To play everything once",
        "What changed",
        "Playlists",
        "Songs",
        "Artists",
        "Time",
        "Data health",
    ]


def test_each_number_is_the_same_wherever_it_is_shown(read: Reading) -> None:
    # 3 songs, 3 artists, 2 albums, 2 playlists whose content is known; Mix has 3 songs and 4 entries.
    assert read.facts == {
        "songs in a playlist today": "3",
        "hours of music": "0",
        "artists": "3",
        "albums": "2",
        "playlists": "2",
    }
    assert len(read.tables["all-songs"]) - 1 == 3
    assert len(read.tables["all-artists"]) - 1 == 3
    assert len(read.tables["all-albums"]) - 1 == 2
    assert len(read.tables["sizes"]) - 1 == 2
    for figure in ("sizes", "all-playlists", "entries"):
        assert next(row[1] for row in read.tables[figure] if row[0] == "Mix") == "3"


def test_the_former_words_are_not_used(pages: dict[str, Path]) -> None:
    text = pages["two_days"].read_text(encoding="utf-8").partition("<main")[2].partition("<script")[0].lower()

    assert [word for word in ("entered", "looked at", "days held", "stood", "stand ", "not seen") if word in text] == []


@pytest.mark.parametrize(
    ("figure", "rows"),
    [
        ("by-playlist", [("playlist", "added", "removed"), ("Mix", "3", "1")]),
        ("names", [("playlist", "what changed", "on or before"), ("Old", "deleted with 1 item", "2026-11-18")]),
        (
            "removed",
            [
                ("title", "artists", "playlist", "on or before"),
                ("TWO", "not known", "Mix", "2026-11-18"),
                ("TWO", "not known", "Old (deleted)", "2026-11-18"),
            ],
        ),
        (
            "all-playlists",
            [
                ("playlist", "songs", "hours", "added", "removed", "last read", "state"),
                ("Mix", "3", "1.1", "3", "1", "2026-11-18", "in your library"),
                ("Car", "2", "0.1", "0", "0", "2026-11-18", "in your library"),
                ("Old", "not known", "not known", "0", "1", "2026-11-16", "deleted"),
                ("p4", "not known", "not known", "0", "0", "never", "couldn't be read"),
            ],
        ),
        (
            "all-songs",
            [
                ("song", "artists", "album", "year", "minutes", "playlists", "first seen"),
                ("ONE", "ANNA, BERT", "EARLY", "1999", "3", "2", "2026-11-16"),
                ("THREE", "CLEO", "not known", "not known", "1", "2", "2026-11-16"),
                ("FOUR", "ANNA, BERT", "LATE", "2021", "2", "1", "2026-11-18"),
            ],
        ),
        (
            "all-albums",
            [
                ("album", "artists", "year", "songs"),
                ("EARLY", "not known", "1999", "1"),
                ("LATE", "not known", "2021", "1"),
            ],
        ),
        (
            "all-artists",
            [
                ("artist", "songs", "playlists", "collaborators", "released"),
                ("ANNA", "2", "2", "1", "1999 to 2021"),
                ("BERT", "2", "2", "1", "1999 to 2021"),
                ("CLEO", "1", "2", "0", "not known"),
            ],
        ),
        ("together", [("artist", "other artist", "songs", "released"), ("ANNA", "BERT", "2", "1999 to 2021")]),
        ("rise", [("artist", "change", "songs"), ("BERT", "1", "2")]),
        (
            "released",
            [
                ("year", "songs", "albums", "hours"),
                ("not known", "1", "0", "0"),
                ("2021", "1", "1", "0"),
                ("1999", "1", "1", "0.1"),
            ],
        ),
        ("days", [("day", "added", "removed"), ("2026-11-18", "3", "2"), ("2026-11-16", "0", "0")]),
        ("unread", [("playlist", "why", "last read"), ("p4", "it was deleted, or it is private", "never")]),
        (
            "entries",
            [
                ("playlist", "songs", "repeats", "episodes", "local files", "couldn't be read", "entries"),
                ("Mix", "3", "0", "1", "0", "0", "4"),
                ("Car", "2", "0", "0", "0", "0", "2"),
            ],
        ),
    ],
)
def test_a_figure_has_its_list(read: Reading, figure: str, rows: list[tuple[str, ...]]) -> None:
    assert read.tables[figure] == rows


def test_the_calendar_shows_every_kind_of_check_by_a_sign_and_a_word(read: Reading) -> None:
    assert read.tables["checks"][:5] == [
        ("Nov 2026", "16 Nov 202616", "18 Nov 202618"),
        ("Mix", "first check○", "changed, +3 \u22121●"),
        ("Car", "first check○", "same as before·"),
        ("Old", "first check○", "deleted✕"),
        ("p4", "couldn't be read!", "couldn't be read!"),
    ]


def test_the_first_day_has_no_changes(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.song("one")
    landing.read("2026-11-16 10:00", "one", name="Mix")

    read = Reading(report(deployed).html())

    assert read.sentences["changes"] == ("16 Nov 2026 is the first day with data. Changes show from the second day on.")
    assert {"by-playlist", "added", "removed", "days", "rise"} & set(read.sentences) == set()


def test_charts_show_changes_of_seven_days_and_lists_show_all(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-01 10:00", "one", name="Mix")
    landing.read("2026-11-02 10:00", "one", "two", name="Mix")
    landing.read("2026-11-10 10:00", "one", "two", "three", name="Mix")

    read = Reading(report(deployed).html())

    assert read.sentences["changes"] == "From 4 Nov 2026 to 10 Nov 2026: 1 item added, no items removed."
    assert [row[0] for row in read.tables["added"]] == ["title", "THREE", "TWO"]


def test_popularity_is_shown_if_spotify_returns_it(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    for song_id, before, now in (("one", 40, 50), ("two", 30, 22), ("three", 22, 22)):
        landing.song(song_id, popularity=now, extracted_at="2026-11-17 10:00")
        landing.popularity(song_id, "2026-11-16 10:00", before)
        landing.popularity(song_id, "2026-11-17 10:00", now)
    landing.song("hidden")
    landing.read("2026-11-17 10:00", "one", "two", "three", "hidden", name="Mix")

    read = Reading(report(deployed).html())

    assert read.sentences["popularity"] == (
        "The median popularity of 3 songs is 22 out of 100. ONE has the highest: 50. "
        "Spotify does not show the popularity of 1 song."
    )
    assert read.sentences["movers"] == (
        "At the newest change of each song's popularity, 1 song rose (by up to 10) and 1 song fell (by up to 8)."
    )
    assert read.tables["movers"] == [
        ("song", "change", "popularity", "since"),
        ("ONE", "10", "50", "2026-11-17"),
        ("TWO", "-8", "22", "2026-11-17"),
    ]
    assert read.tables["all-songs"][0][-1] == "popularity"


def test_a_playlist_that_was_not_read_is_shown_as_of_its_last_day(
    landing: Landing, deployed: EmbeddedSnowflake
) -> None:
    landing.read("2026-11-16 10:00", "one", playlist="p1", name="Mix")
    landing.read("2026-11-17 10:00", "one", playlist="p2", name="Car")
    landing.check("2026-11-17 11:00", "failed", "p2", failure_class="app_refused", name="Car")

    read = Reading(report(deployed).html())

    assert read.tables["unread"] == [
        ("playlist", "why", "last read"),
        ("Car", "Spotify refuses the app access to your own data", "2026-11-17"),
        ("Mix", "not checked on the newest day", "2026-11-16"),
    ]
    assert [row[-1] for row in read.tables["all-playlists"]] == [
        "state",
        "couldn't be read last time",
        "in your library",
    ]


def test_a_deleted_playlist_stays_deleted_when_later_checks_fail(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-16 10:00", "one", playlist="p1", name="Mix")
    landing.check("2026-11-17 10:00", "gone", "p1")
    landing.check("2026-11-18 10:00", "failed", "p1", failure_class="removed")

    read = Reading(report(deployed).html())

    assert read.sentences["songs"] == "No playlist has a song, as far as is known."
    assert read.tables["all-playlists"][1][-1] == "deleted"
    assert read.tables["checks"][1] == ("Mix", "first check○", "deleted✕", "deleted✕")
    assert "unread" not in read.tables


def test_playlists_of_equal_length_share_the_first_place(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-17 10:00", "one", playlist="p1", name="Mix")
    landing.read("2026-11-17 10:00", "two", playlist="p2", name="Car")
    for song_id in ("one", "two"):
        landing.song(song_id)

    read = Reading(report(deployed).html())

    assert read.sentences["sizes"] == "2 playlists; Car and Mix are the longest, with 1 song each."


def test_every_kind_of_failure_has_a_reason_for_people() -> None:
    assert set(REASONS) == set(get_args(Kind))
    assert all("_" not in reason for reason in REASONS.values())


def test_a_new_name_is_in_the_list_of_changes(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-16 10:00", "one", name="Mix")
    landing.read("2026-11-17 10:00", "one", name="Mix <winter>")

    read = Reading(report(deployed).html())

    assert read.sentences["names"] == "Mix was renamed to Mix <winter> on or before 17 Nov 2026."
    assert read.tables["names"] == [
        ("playlist", "what changed", "on or before"),
        ("Mix", "renamed to Mix <winter>", "2026-11-17"),
    ]


def test_the_newest_liked_song_is_the_newest_favourite(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.song("one", artists=("anna",))
    landing.read("2026-11-17 10:00", "one", playlist="liked:me", name="")
    landing.query("update SPOTIFY.LANDING.playlist_items set added_at = '2026-11-03 08:00', artist_names = 'ANNA'")

    read = Reading(report(deployed).html())

    assert "Newest favourite" in read.headings
    assert "ANNA, liked on 3 Nov 2026" in read.cards


def test_made_up_data_are_marked(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-17 10:00", "one", name="Mix")

    assert "The data on this page are made up" in report(deployed, is_made_up=True).html()
    assert "made up" not in report(deployed).html()


def test_a_whole_list_is_in_the_page_as_data() -> None:
    rows = [(Link(f"song {number}", f"https://open.spotify.com/track/{number}"), number, None) for number in range(101)]
    figure = Figure("songs", "Songs", Markup("Many."), None, Table(("song", "number", "year"), rows, "songs"))

    html = Page(Markup("All."), sections=[Section("all", "All", [figure])]).html()

    data = json.loads(html.partition('id="lists">')[2].partition("</script>")[0])
    assert len(data["songs"]["rows"]) == 101
    assert data["songs"]["rows"][100] == [["song 100", "track/100"], 100, None]
    assert data["songs"]["numbers"] == [False, True, False]
    assert Reading(html).tables["songs"][-1] == ("song 19", "19", "not known")  # without JavaScript: the first 20


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "https://open.spotify.com.evil.example/track/1",
        "https://open.spotify.com/track/1?x=<script>",
        "http://open.spotify.com/track/1",
    ],
)
def test_an_address_elsewhere_is_no_link(url: str | None) -> None:
    assert cell(Link("name", url)) == "<bdi>name</bdi>"


@pytest.mark.parametrize(
    ("values", "end"),
    [([1043, 96, 84, 10], 124.8), ([120, 96, 84], None), ([9, 1], None), ([], None), ([5, 0, 0], None)],
)
def test_a_bar_far_longer_than_all_others_is_truncated(values: list[float], end: float | None) -> None:
    assert limit(values) == (end if end is None else pytest.approx(end))


def test_an_empty_warehouse_makes_a_page_that_says_what_to_do(pages: dict[str, Path]) -> None:
    read = Reading(pages["empty"].read_text(encoding="utf-8"))

    assert read.sentences == {
        "page": "No playlist has been checked yet, so there is nothing to show. make demo shows the whole chain with "
        "made-up playlists; the README says how to load your own. Then make this report again."
    }
    assert "script" not in read.tags


def test_an_incomplete_read_is_named_with_what_is_missing(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-16 10:00", "one", "two", playlist="p1", name="Mix")
    landing.read("2026-11-17 10:00", "one", playlist="p1", name="Mix", total=3, is_complete=False)
    landing.read("2026-11-17 10:00", "one", playlist="p2", name="Car")

    read = Reading(report(deployed).html())

    assert read.sentences["incomplete"] == (
        "Mix was read incompletely. Items that Spotify left out are shown as they were last seen; none counts as "
        "removed."
    )
    assert read.tables["incomplete"] == [("playlist", "items in all", "items left out"), ("Mix", "3", "2")]


def test_two_incomplete_reads_are_named_together(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    landing.read("2026-11-17 10:00", "one", playlist="p1", name="Mix", total=3, is_complete=False)
    landing.read("2026-11-17 10:00", "one", playlist="p2", name="Car", total=None, is_complete=False)

    read = Reading(report(deployed).html())

    assert read.sentences["incomplete"].startswith("Mix and Car were read incompletely. ")
    assert read.tables["incomplete"][1:] == [("Mix", "3", "2"), ("Car", "not known", "not known")]
