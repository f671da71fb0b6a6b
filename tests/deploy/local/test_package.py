"""From account data downloads to documents of plays: which fields are kept, and where they are written."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from deploy.commands import CommandError
from deploy.local.import_plays import Imported, as_text, import_package
from shared.store import ObjectStore, open_store
from tests.deploy.local.packages import (
    BOOK,
    CHAPTER,
    EPISODE,
    MARK,
    NO_TRACK,
    OTHER,
    SONG,
    account_row,
    as_folder,
    as_zip,
    now_row,
    old_row,
)

PLAYS = "raw/pending/plays/me/"
OTHER_DATA = {
    "Userdata": {"username": MARK, "email": MARK, "country": "NO"},
    "Search": [{"searchTime": "x", "searchQuery": MARK}],
}


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "lake"), create=True)


def import_file(store: ObjectStore, path: Path, *keep: str) -> Imported:
    return import_package(store, path, "me", frozenset(keep))


def documents(store: ObjectStore) -> dict[str, list[dict[str, Any]]]:
    by_key = {}
    for listed in store.list("raw/"):
        fetched = store.get(listed.key)
        assert fetched is not None
        by_key[listed.key] = [json.loads(line) for line in gzip.decompress(fetched.data).decode().splitlines()]
    return by_key


def plays(store: ObjectStore) -> list[dict[str, Any]]:
    plays_read = [play for lines in documents(store).values() for play in lines[1:]]
    return [{key: value for key, value in play.items() if key != "play_id"} for play in plays_read]


def test_a_package_becomes_a_document_for_each_file_with_history_of_its_own_source(
    store: ObjectStore, tmp_path: Path
) -> None:
    package = as_zip(
        tmp_path / "p.zip",
        (2026, 11, 20),
        b_name=[now_row("2026-02-11T18:05:44Z")],
        any_other=[account_row("2024-05-21 09:50")],
        endvideo=[old_row("2023-02-23T23:05:53Z")],
        **OTHER_DATA,
    )

    imported = import_file(store, package)

    by_key = documents(store)
    assert sorted(by_key) == [f"{PLAYS}20261120T120000Z-{number}.ndjson.gz" for number in ("000", "001", "002")]
    assert [lines[0]["source"] for _, lines in sorted(by_key.items())] == ["extended", "extended", "account"]
    assert {lines[0]["account"] for lines in by_key.values()} == {"me"}
    assert {lines[0]["packaged_at"] for lines in by_key.values()} == {"2026-11-20T12:00:00Z"}
    assert len({lines[0]["package_id"] for lines in by_key.values()}) == 2
    assert dict(imported.plays) == {"extended": 2, "account": 1}
    assert dict(imported.left_out) == {"user data of the account": 1, "the account's search queries": 1}
    assert MARK not in as_text(imported)


SECOND = {"played_at_precision": "second", "reason_start": "trackdone", "reason_end": "trackdone"} | dict.fromkeys(
    ("shuffle", "skipped", "offline"), False
)
TRACK = {"track_name": "Tide Table", "artist_name": "Lina Torv", "album_name": "Slow Harbour"}
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a song of 2026": (
        now_row("2026-02-11T18:05:44Z"),
        SECOND | TRACK | {"played_at": "2026-02-11T18:05:44Z", "ms_played": 201480, "song_id": SONG},
    ),
    "a song of 2021": (
        old_row("2021-07-10T16:21:33Z", skipped=None, spotify_track_uri=f"spotify:track:{OTHER}"),
        {k: v for k, v in SECOND.items() if k != "skipped"}
        | TRACK
        | {"played_at": "2021-07-10T16:21:33Z", "ms_played": 201480, "song_id": OTHER},
    ),
    "blanks before 2015": (
        old_row("2014-08-02T10:11:12Z", **NO_TRACK, ms_played=0, reason_start="", reason_end=None, skipped=True),
        {"played_at": "2014-08-02T10:11:12Z", "played_at_precision": "second", "ms_played": 0}
        | {"shuffle": False, "skipped": True, "offline": False},
    ),
    "an episode": (
        now_row(
            "2026-02-12T06:31:02Z",
            **NO_TRACK,
            episode_name="On Kelp",
            episode_show_name="Low Water",
            spotify_episode_uri=f"spotify:episode:{EPISODE}",
        ),
        SECOND
        | {"played_at": "2026-02-12T06:31:02Z", "ms_played": 201480}
        | {"episode_id": EPISODE, "episode_name": "On Kelp", "show_name": "Low Water"},
    ),
    "a chapter that has a track URI too": (
        now_row(
            "2026-03-01T20:00:10Z",
            audiobook_title="The Weir",
            audiobook_uri=f"spotify:show:{BOOK}",
            audiobook_chapter_uri=f"spotify:episode:{CHAPTER}",
            audiobook_chapter_title="Chapter 2",
        ),
        SECOND
        | {"played_at": "2026-03-01T20:00:10Z", "ms_played": 201480, "audiobook_id": BOOK, "chapter_id": CHAPTER}
        | {"audiobook_name": "The Weir", "chapter_name": "Chapter 2"},
    ),
    "account: music": (
        account_row("2024-05-21 09:50", 0),
        {"played_at": "2024-05-21T09:50:00Z", "played_at_precision": "minute", "ms_played": 0}
        | {"track_name": "Tide Table", "artist_name": "Lina Torv"},
    ),
    "account: podcast": (
        {"endTime": "2024-05-22 06:31", "podcastName": "Low Water", "episodeName": "On Kelp", "msPlayed": 1312000},
        {"played_at": "2024-05-22T06:31:00Z", "played_at_precision": "minute", "ms_played": 1312000}
        | {"episode_name": "On Kelp", "show_name": "Low Water"},
    ),
    "account: audiobook": (
        {
            "endTime": "2024-04-29 15:33",
            "audiobookName": "The Weir",
            "chapterName": "Chapter 2",
            "authorName": "A. Mell",
            "msPlayed": 4210,
        },
        {"played_at": "2024-04-29T15:33:00Z", "played_at_precision": "minute", "ms_played": 4210}
        | {"audiobook_name": "The Weir", "chapter_name": "Chapter 2", "author_name": "A. Mell"},
    ),
}


@pytest.mark.parametrize(("row", "play"), FORMS.values(), ids=FORMS)
def test_a_row_of_every_form_becomes_a_play(
    store: ObjectStore, tmp_path: Path, row: dict[str, Any], play: dict[str, Any]
) -> None:
    import_file(store, as_zip(tmp_path / "p.zip", (2026, 11, 20), history=[row]))

    assert plays(store) == [play]


def test_platform_country_and_private_sessions_are_kept_only_on_request(store: ObjectStore, tmp_path: Path) -> None:
    rows = [now_row("2026-01-01T10:00:00Z"), now_row("2026-01-01T11:00:00Z", incognito_mode=True)]
    package = as_zip(tmp_path / "p.zip", (2026, 11, 20), history=rows)

    imported = import_file(store, package)
    without = plays(store)
    other = open_store(str(tmp_path / "other"), create=True)
    import_file(other, package, "platform", "country", "private")

    assert imported.left_out == {"plays of private sessions (KEEP=private keeps them)": 1}
    assert len(without) == 1
    assert not {"platform", "country", "is_private"} & without[0].keys()
    assert [(play["platform"], play["country"], play["is_private"]) for play in plays(other)] == [
        (f"{MARK}-platform", f"{MARK}-country", False),
        (f"{MARK}-platform", f"{MARK}-country", True),
    ]


def test_equal_rows_are_plays_of_their_own_and_have_the_same_ids_in_every_package(
    store: ObjectStore, tmp_path: Path
) -> None:
    first, second = now_row("2026-01-01T10:00:00Z"), now_row("2026-01-02T10:00:00Z")
    import_file(store, as_zip(tmp_path / "p.zip", (2026, 11, 20), a=[first, first, second], b=[first]))
    other = open_store(str(tmp_path / "other"), create=True)
    import_file(other, as_folder(tmp_path / "unzipped", 1_800_000_000, a=[second, first], c=[first], d=[first]))

    ids = [{play["play_id"] for lines in documents(each).values() for play in lines[1:]} for each in (store, other)]
    assert len(ids[0]) == 4
    assert len(ids[1]) == 3  # the copy d of c adds no play
    assert ids[1] < ids[0]


def test_a_nested_value_is_never_kept(store: ObjectStore, tmp_path: Path) -> None:
    row = now_row("2026-01-01T10:00:00Z", reason_end={"ip_addr": MARK}, master_metadata_track_name=[MARK])
    import_file(store, as_zip(tmp_path / "p.zip", (2026, 11, 20), history=[row]))

    assert MARK not in json.dumps(documents(store))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"cut": json.dumps([now_row("2026-01-01T10:00:00Z")] * 3).encode()[:-30]}, "cut off or damaged"),
        ({"cut": json.dumps([old_row("2020-01-01T10:00:00Z")] * 3, indent=1).encode()[:-300]}, "cut off or damaged"),
        ({"log": [{"message": MARK}]}, "no listening history"),
    ],
)
def test_an_incomplete_package_writes_nothing(
    store: ObjectStore, tmp_path: Path, files: dict[str, Any], words: str
) -> None:
    whole = {} if "log" in files else {"a_whole": [now_row("2025-01-01T10:00:00Z")]}
    package = as_zip(tmp_path / "p.zip", (2026, 11, 20), **whole, **files)

    with pytest.raises(CommandError, match=words) as raised:
        import_file(store, package)

    assert MARK not in str(raised.value)
    assert documents(store) == {}


def test_rows_of_another_form_are_counted(store: ObjectStore, tmp_path: Path) -> None:
    rows = [now_row("2026-01-01T10:00:00Z"), {"impression": MARK}, 7, account_row("2024-05-21 09:50")]

    imported = import_file(store, as_zip(tmp_path / "p.zip", (2026, 11, 20), history=rows))

    assert imported.left_out == {"rows of another form": 3}
    assert len(plays(store)) == 1


def test_memory_does_not_grow_with_the_number_of_files(store: ObjectStore, tmp_path: Path) -> None:
    peaks = []
    for count in (2, 10):
        files = {
            f"f{file}": [now_row(f"20{10 + file}-01-01T{n // 60:02}:{n % 60:02}:00Z") for n in range(1_200)]
            for file in range(count)
        }
        package = as_zip(tmp_path / f"{count}.zip", (2026, 11, 20), **files)
        del files
        tracemalloc.start()
        import_package(store, package, f"of{count}", frozenset())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] * 1.3
