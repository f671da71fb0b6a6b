"""Thousands of damaged documents through the whole job: it never crashes and accounts for each of them.

The ordinary test runs 2,000 in one run of the job; `make fuzz` runs 100,000, 5,000 per run, each over its own lake.
"""

import logging
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_jobs.explode_playlists import main
from shared.document import Manifest, PlaylistCheck, write_document
from tests.corpus import cases
from tests.glue_jobs.accounts import assert_accounted_for, rejects, table
from tests.glue_jobs.builders import album, as_bytes, page_body, song
from tests.glue_jobs.documents import raw_line
from tests.glue_jobs.mutations import mutated

AT_ONCE = 5000
PLACE = "raw/pending/drop/at=20261120T100000Z/"
PLACES = (PLACE, f"{PLACE}morning/", f"{PLACE}evening/", "raw/pending/drop/complete/at=20261120T100000Z/")
WITNESS = PLACE + "witness.json"
MANIFEST = Manifest(
    run_id="r1",
    extracted_at="2026-11-20T10:00:00Z",
    checks=(
        PlaylistCheck(playlist_id="p1", status="unchanged", playlist={"owner": {"id": "u1"}, "items": {"total": 5}}),
        PlaylistCheck(playlist_id="p2", status="failed", failure_class="TransientError"),
        PlaylistCheck(playlist_id="p3", status="gone"),
    ),
).as_bytes()
EXPORTED = {
    "name": "Morning",
    "lastModifiedDate": "2026-02-03",
    "items": [
        {
            "track": {"trackName": "A song", "artistName": "A1", "albumName": "First", "trackUri": "spotify:track:s1"},
            "episode": None,
            "localTrack": None,
            "addedDate": "2026-01-01",
        }
    ],
}
LIBRARY = {
    "tracks": [{"artist": "A1", "album": "First", "track": "A song", "uri": "spotify:track:s1"}],
    "episodes": [{"name": "E", "show": "S", "uri": "spotify:episode:e1"}],
    "bannedTracks": [],
}
BACKUP = [{"name": "Liked Songs", "tracks": [song("s1")]}, {"id": "p1", "type": "playlist", "tracks": [song("s2")]}]
# Of the extractor: the last row of a page is missing, and the total changes.
INCOMPLETE = write_document(
    [
        raw_line(
            snapshot_id="v1~79689f5d7c12", missing=2, body=page_body(song("s1"), song("s2"), total=60) | {"limit": 50}
        ),
        raw_line(snapshot_id="v1~79689f5d7c12", missing=2, offset=50, body=page_body(song("s3"), offset=50, total=59)),
    ]
)
# What a request with `fields=` leaves.
FIELDS = {
    "items": [{"track": {"name": "A song", "id": "s1", "artists": [{"name": "A1"}], "album": {"name": "First"}}}],
    "next": None,
}
ALBUM = {"album_type": "album", "type": "album", "id": "al1", "tracks": {"items": [{"type": "track", "id": "s1"}]}}
PLAYED = {"items": [{"track": {"type": "track", "id": "s1"}, "played_at": "2026-11-20T10:00:00Z"}], "cursors": {}}
SAVED = {"items": [{"added_at": "2026-11-20T10:00:00Z", "album": {"id": "al1", "album_type": "album"}}]}
FIXTURES = [
    MANIFEST,
    INCOMPLETE,
    as_bytes(FIELDS),
    as_bytes([FIELDS["items"], page_body(song("s1"))]),
    *map(as_bytes, (ALBUM, PLAYED, SAVED, {"snapshot_id": "v1"})),
    as_bytes({"name": "Mine", "songs": [song("s1"), song("s2")]}),
    as_bytes({"playlist": {"id": "p1", "snapshot_id": "v1", "name": "Mine"}, "tracks": [song("s1")]}),
    as_bytes(page_body(song("s1"), song("s2"), total=3)),  # two pages of one read
    as_bytes(page_body(song("s3"), offset=2, total=3)),
    as_bytes({"playlists": [EXPORTED]}),
    as_bytes(LIBRARY),
    as_bytes(BACKUP),
    as_bytes({"tracks": {"items": [{"type": "track", "id": "s1"}]}, "albums": {"items": []}}),
    *(
        case.path(name).read_bytes()
        for case in cases()
        for name, document in case.documents.items()
        if document["outcome"] == "accepted"  # damaging a document that is refused anyway tests little
    ),
]


def documents(chunk: int, count: int) -> dict[str, bytes]:
    """`count` damaged documents by key, always the same, and an intact one; the first chunk also has REGRESSIONS."""
    chance = random.Random(f"fuzz {chunk}")  # nothing is secret
    made = {f"{PLACES[number % len(PLACES)]}{number:05d}.json": mutated(FIXTURES, chance) for number in range(count)}
    if chunk == 0:
        made |= {f"{PLACE}{name}.json": data for name, (data, _) in REGRESSIONS.items()}
    return made | {WITNESS: as_bytes(page_body(song("witness", artists=["w1", "w2"]), playlist_id="witness"))}


def inputs(lake: Path, dropped: Mapping[str, bytes]) -> int:
    """Runs the job over a lake with these objects; its exit status."""
    for key, data in dropped.items():
        path = lake / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (0, 0))  # so that they do not count as still being written
    return main(["--lake", str(lake), "--max-objects", str(len(dropped))])


def failure(folder: Path, dropped: Mapping[str, bytes]) -> str:
    """The failure of a run of the job over these documents; "" if there is none."""
    lake = Path(tempfile.mkdtemp(dir=folder))
    try:
        status = inputs(lake, dropped)
        if status:
            return f"exit status {status}"
        assert_accounted_for(lake, dropped)
    except AssertionError as error:
        return str(error)
    finally:
        shutil.rmtree(lake)
    return ""


def culprits(folder: Path, dropped: Mapping[str, bytes]) -> dict[str, bytes]:
    """A smallest subset of these documents that still fails."""
    some = dict(dropped)
    while len(some) > 1:
        halves = list(some.items())[: len(some) // 2], list(some.items())[len(some) // 2 :]
        failing = next((dict(half) for half in halves if failure(folder, dict(half))), None)
        if failing is None:
            break
        some = failing
    return some


def rows_of(lake: Path, name: str, *columns: str, source: str) -> list[tuple[Any, ...]]:
    """These columns of the rows that come from the object."""
    rows = table(lake, name)
    listed = rows.to_pylist() if rows else []
    return sorted(tuple(row[column] for column in columns) for row in listed if row["source_object"] == source)


def own(**fields: object) -> bytes:
    """A document of the Lambda with one line, some of whose fields are replaced."""
    line = {"run_id": "r1", "playlist_id": "p1", "snapshot_id": "v1", "extracted_at": "2026-11-20T10:00:00Z"}
    rest = {"asked": "/playlists/p1/items", "offset": 0, "attempt": 1, "body": page_body(song("s1"))}
    return as_bytes(line | rest | fields)


def released(text: str) -> bytes:
    """A page with a song whose album has this release date."""
    return as_bytes(page_body(song("s1", album=album("al1", release_date=text))))


NUMBER = 10**1200
LONG_TEXT = "n" * 21_000_000
# Each of these once ended the job, or made a value that no engine reads.
# The expected outcome is the reason of its quarantine, else its rejected rows.
REGRESSIONS: dict[str, tuple[bytes, str | list[tuple[str, str | None, str]]]] = {
    "a time before all time": (
        own(extracted_at="0001-01-01T00:00:00+05:00"),
        "extracted_at is no ISO time such as 2026-11-20T10:00:00Z",
    ),
    "a time after all time": (
        own(extracted_at="9999-12-31T23:59:59-05:00"),
        "extracted_at is no ISO time such as 2026-11-20T10:00:00Z",
    ),
    "a time that is no text": (
        MANIFEST.replace(b'"2026-11-20T10:00:00Z"', b"7"),
        "extracted_at is no ISO time such as 2026-11-20T10:00:00Z",
    ),
    "half a surrogate pair in the reason": (
        b'{"error": {"message": "\\ud83d"}}',
        "an error answer of the API",
    ),
    "a number that no JSON reader takes": (
        as_bytes(page_body(song("s1", duration_ms=NUMBER, name=NUMBER))),
        [("songs", "duration_ms", "no int: " + str(NUMBER)[:200])],
    ),
    "a total and an offset that no JSON reader takes": (
        as_bytes(page_body(song("s1")) | {"total": NUMBER, "offset": NUMBER}),
        [("playlist_checks", "total", "no int: " + str(NUMBER)[:200])],
    ),
    "text that no JSON reader takes, for a name and in place of an object": (
        as_bytes(page_body(song("s1", name=LONG_TEXT, linked_from=LONG_TEXT))),
        [
            ("playlist_items", "item_name", 'no string: "' + "n" * 199),
            ("songs", "name", 'no string: "' + "n" * 199),
        ],
    ),
    "a leap day of the old calendar": (released("1000-02-29"), []),
    "times beyond all calendars": (
        as_bytes(
            page_body(
                song("s1", row_fields={"added_at": "9999-12-31T23:59:59-14:00"}),
                song("s2", row_fields={"added_at": "0001-01-01T00:00:00+14:00"}),
            )
        ),
        [
            ("playlist_items", "added_at", "no timestamp: 0001-01-01T00:00:00+14:00"),
            ("playlist_items", "added_at", "no timestamp: 9999-12-31T23:59:59-14:00"),
        ],
    ),
    "a day and a newline": (released("2026-01-01\n"), []),
}


def outcomes_of_regressions(lake: Path) -> dict[str, Any]:
    """For each of REGRESSIONS the reason of its quarantine, else its rejected rows."""
    became: dict[str, Any] = {name: [] for name in REGRESSIONS}
    for reject in rejects(lake):
        name = Path(reject["source_object"]).stem
        if name in REGRESSIONS and "table" in reject:
            became[name] = sorted([*became[name], (reject["table"], reject.get("column"), reject["reason"])])
        elif name in REGRESSIONS:
            became[name] = reject["reason"]
    return became


def test_damaged_documents_are_read_in_part_or_quarantined_and_never_end_the_job(
    spark: SparkSession,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.ERROR)  # a line for each refused document makes a failure harder to read
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the machine stays on
    count = request.config.getoption("--mutations")
    for chunk, done in enumerate(range(0, count, AT_ONCE)):
        begun = time.monotonic()
        dropped = documents(chunk, min(AT_ONCE, count - done))
        lake = tmp_path / str(chunk)
        status = inputs(lake, dropped)
        if status:
            failing = culprits(tmp_path, dropped)
            pytest.fail(f"chunk {chunk}: exit status {status} for {failing}"[:5000])
        assert_accounted_for(lake, dropped)
        assert rows_of(lake, "songs", "song_id", "name", source=WITNESS) == [("witness", "A song")]
        assert rows_of(lake, "song_artists", "artist_id", source=WITNESS) == [("w1",), ("w2",)]
        assert rows_of(lake, "playlist_items", "position", "kind", source=WITNESS) == [(0, "song")]
        if chunk == 0:
            assert outcomes_of_regressions(lake) == {name: expected for name, (_, expected) in REGRESSIONS.items()}
        shutil.rmtree(lake)
        if count > AT_ONCE:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            progress = f"{min(done + AT_ONCE, count):>7,} of {count:,}, {time.monotonic() - begun:.0f} s, {peak} MB"
            with capfd.disabled():
                print(progress, flush=True)  # noqa: T201  # progress of a run that takes an hour
