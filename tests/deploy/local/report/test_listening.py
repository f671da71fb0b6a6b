"""The section on listening: sentences and lists typed by hand from the plays of worlds.py."""

import json
from pathlib import Path

import pytest

from deploy.local.report.report import report
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.local.report.reading import Reading
from tests.deploy.local.report.worlds import listening
from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.bi.test_plays import play


@pytest.fixture(scope="module")
def read(pages: dict[str, Path]) -> Reading:
    """The page of the world of plays."""
    return Reading(pages["listening"].read_text(encoding="utf-8"))


SENTENCES = {
    "listening": "6 plays from 14 Nov 2026 to 18 Nov 2026, 3 hours in all. A play counts below if it lasted 30 "
    "seconds or more, or if it ended by itself: this holds for 5 of 6. The first song was S1 by A1, and the last song "
    "was T2 by A2.",
    "plays-by-day": "5 plays on 4 of 5 days (UTC). The busiest day was 17 Nov 2026, with 2 plays.",
    "plays-by-hour": "The busiest hour is 21:00 to 22:00 (UTC), with 2 of 5 plays. A play counts in the hour in "
    "which it ended.",
    "plays-by-weekday": "The busiest weekday is Tuesday (UTC), with 2 of 5 plays.",
    "songs-by-plays": "3 songs were played. S1 has the most plays: 2.",
    "songs-by-time": "3 songs were played. S9 has the longest listening time: 2 hours.",
    "artists-by-plays": "2 artists were played. A1 has the most plays: 3.",
    "artists-by-time": "2 artists were played. A1 has the longest listening time: 2 hours.",
    "albums-by-plays": "1 album was played. B1 has the most plays: 3.",
    "albums-by-time": "1 album was played. B1 has the longest listening time: 2 hours.",
    "from-playlists": "Songs that are in a playlist today have 5% of the listening time of all songs: 6 minutes of 2 "
    "hours. A play without a song's id (account history) counts as outside the playlists.",
    "outside": "1 song was played and is in no playlist today. None of them was played 10 times or more. S9 has the "
    "most plays: 1.",
    "never-played": "2 of 3 songs in a playlist today were never played. Plays are matched by the song's id.",
    "entries-plays": "Songs of 1 playlist were played 1 time before they entered it, and 1 time afterwards. The two "
    "periods are not equally long.",
}


def test_every_figure_says_its_finding(read: Reading) -> None:
    sentences = {place: read.sentences.get(place) for place in SENTENCES}

    assert sentences == SENTENCES
    assert "Listening" in read.headings
    assert "Most played song" in read.headings
    assert "S1 A1, 2 plays" in " ".join(read.cards) or "A1, 2 plays" in read.cards


@pytest.mark.parametrize(
    ("figure", "rows"),
    [
        (
            "plays-by-day",
            [
                ("day", "plays", "all plays", "hours"),
                ("2026-11-18", "1", "1", "1"),
                ("2026-11-17", "2", "2", "2"),
                ("2026-11-16", "1", "2", "0.1"),
                ("2026-11-14", "1", "1", "0.1"),
            ],
        ),
        (
            "songs-by-plays",
            [
                ("song", "artist", "plays", "all plays", "hours", "first play", "last play"),
                ("S1", "A1", "2", "3", "0.1", "2026-11-14", "2026-11-16"),
                ("S9", "A1", "1", "1", "2", "2026-11-17", "2026-11-17"),
                ("T2", "A2", "1", "1", "0", "2026-11-17", "2026-11-17"),
            ],
        ),
        (
            "artists-by-time",
            [
                ("artist", "songs", "plays", "all plays", "hours", "first play", "last play"),
                ("A1", "2", "3", "4", "2.1", "2026-11-14", "2026-11-17"),
                ("A2", "1", "1", "1", "0", "2026-11-17", "2026-11-17"),
            ],
        ),
        (
            "albums-by-plays",
            [
                ("album", "artist", "songs", "plays", "all plays", "hours", "first play", "last play"),
                ("B1", "A1", "2", "3", "4", "2.1", "2026-11-14", "2026-11-17"),
            ],
        ),
        ("from-playlists", [("month", "%", "hours from playlists", "hours"), ("2026-11", "4.8", "0.1", "2.1")]),
        ("outside", [("song", "artist", "plays", "hours", "last play"), ("S9", "A1", "1", "2", "2026-11-17")]),
        ("never-played", [("song", "artists"), ("S2", "A1"), ("S3", "A1")]),
        (
            "entries-plays",
            [("playlist", "song", "entered", "plays before", "plays after"), ("Mix", "S1", "2026-11-16", "1", "1")],
        ),
    ],
)
def test_a_figure_has_its_list(read: Reading, figure: str, rows: list[tuple[str, ...]]) -> None:
    assert read.tables[figure] == rows


def test_hours_and_weekdays_have_all_plays(read: Reading, pages: dict[str, Path]) -> None:
    text = pages["listening"].read_text(encoding="utf-8")
    hours = json.loads(text.partition('id="lists">')[2].partition("</script>")[0])["plays-by-hour"]

    assert hours["columns"] == ["hour", "plays"]
    assert len(hours["rows"]) == 24
    assert [row for row in hours["rows"] if row[1]] == [["07:00", 1], ["08:00", 1], ["21:00", 2], ["22:00", 1]]
    assert read.tables["plays-by-weekday"] == [
        ("weekday", "plays"),
        *(("Monday", "1"), ("Tuesday", "2"), ("Wednesday", "1"), ("Thursday", "0")),
        *(("Friday", "0"), ("Saturday", "1"), ("Sunday", "0")),
    ]


def test_with_a_zone_both_clocks_are_shown(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    listening(landing)

    read = Reading(report(deployed, zone="Europe/Oslo").html())  # the warehouse was deployed with UTC

    assert read.tables["plays-by-hour"][0] == ("hour", "plays, Europe/Oslo", "plays, UTC")
    assert read.tables["plays-by-day"][:2] == [
        ("day", "plays, Europe/Oslo", "plays, UTC", "all plays", "hours"),
        ("2026-11-18", "1", "1", "1", "1"),
    ]
    assert read.tables["plays-by-weekday"][2] == ("Tuesday", "2", "2")
    assert read.sentences["plays-by-weekday"] == "The busiest weekday is Tuesday (Europe/Oslo), with 2 of 5 plays."


def test_songs_with_equal_plays_outside_playlists_share_the_first_place(
    landing: Landing, deployed: EmbeddedSnowflake
) -> None:
    landing.song("s1")
    landing.read("2026-11-16 10:00", "s1", name="Mix")
    for song_id in ("s8", "s9"):
        play(landing, "2026-11-17 10:00", song_id, 180_000)

    read = Reading(report(deployed).html())

    assert read.sentences["outside"] == (
        "2 songs were played and are in no playlist today. None of them was played 10 times or more. S8 and S9 have "
        "the most plays: 1 each."
    )


def test_without_a_history_there_is_no_section(pages: dict[str, Path]) -> None:
    read = Reading(pages["two_days"].read_text(encoding="utf-8"))

    assert "Listening" not in read.headings
    assert "Most played song" not in read.headings
    assert set(SENTENCES) & set(read.sentences) == set()


def test_a_history_without_playlists_is_a_page_of_its_own(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    play(landing, "2026-11-14 21:10", "s1", 180_000)

    read = Reading(report(deployed).html())

    assert read.headings == ["1 play, 3 minutes of listening", "Most played song", "Listening"]
    assert read.facts == {"plays": "1", "hours of listening": "0", "songs played": "1", "artists played": "1"}
    assert read.sentences["page"].startswith(
        "No playlist has been checked yet, so this page shows only the listening history"
    )
    assert {"from-playlists", "outside", "never-played", "entries-plays"} & set(read.sentences) == set()


def test_a_history_in_which_no_play_counts_has_no_figures(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    play(landing, "2026-11-14 21:10", "s1", 29_999)

    read = Reading(report(deployed).html())

    assert read.sentences["listening"] == (
        "1 play from 14 Nov 2026 to 14 Nov 2026, no minutes in all. A play counts below if it lasted 30 seconds or "
        "more, or if it ended by itself: this holds for 0 of 1. The first song was S1 by A1, and the last song was S1 "
        "by A1."
    )
    assert set(SENTENCES) & set(read.sentences) == {"listening"}


def test_several_accounts_are_named_and_have_rows_of_their_own(landing: Landing, deployed: EmbeddedSnowflake) -> None:
    play(landing, "2026-11-14 21:10", "s1", 180_000)
    play(landing, "2026-11-14 21:10", "s1", 180_000, account="you", play_id="y1")
    landing.read("2026-11-16 10:00", "s1", name="Mix")

    read = Reading(report(deployed).html())

    assert read.sentences["listening"].endswith("Charts add up the accounts me and you.")
    assert read.tables["plays-by-day"] == [
        ("day", "plays", "all plays", "hours", "account"),
        ("2026-11-14", "1", "1", "0.1", "you"),
        ("2026-11-14", "1", "1", "0.1", "me"),
    ]
    assert [row[-1] for row in read.tables["songs-by-plays"]] == ["account", "me", "you"]
    assert (
        read.sentences["plays-by-day"] == "2 plays on 1 of 1 day (UTC). The busiest day was 14 Nov 2026, with 2 plays."
    )


def test_a_history_of_over_400_days_is_drawn_by_month(pages: dict[str, Path]) -> None:
    read = Reading(pages["many_days"].read_text(encoding="utf-8"))

    assert read.sentences["plays-by-day"].endswith(" The chart shows months.")
