"""Properties of any downloads: the current plays follow the rule in plain Python; damaged downloads give a sentence.

Hypothesis makes the downloads. Since a run of the job costs seconds, all of them go through one run: each example has
accounts of its own.
"""

import json
import logging
import os
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from deploy.commands import CommandError
from deploy.local.import_plays import as_text, import_package
from deploy.snowflake.embedded import EmbeddedSnowflake
from glue_jobs.explode_playlists import main as job
from glue_jobs.explode_playlists import parse_arguments, run
from shared.store import ObjectStore
from shared.tables.plays import PLAYS
from tests.deploy.conftest import athena_current, snowflake_current
from tests.deploy.local.packages import EPISODE, MARK, NO_TRACK, OTHER, SONG, Json, account_row, now_row, old_row
from tests.glue_jobs.mutations import mutated
from tests.glue_jobs.test_properties import generated

BASE = datetime(2026, 3, 1, 10, tzinfo=UTC)
FIRST_PACKAGED = datetime(2026, 6, 1, 12, tzinfo=UTC)
Listen = tuple[
    int, str, int, bool
]  # steps of 20 seconds after BASE, what was played, milliseconds, whether in a private session
# The stored columns of a play, without those of its origin.
Shown = tuple[str, str, str | None, str | None, int]

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")


def at(listen: Listen) -> datetime:
    return BASE + timedelta(seconds=20 * listen[0])


def extended_row(form: str, listen: Listen) -> Json:
    """The listen as a row of an extended history, as it is now or as it was up to 2023."""
    fields: dict[str, object] = {"ms_played": listen[2], "incognito_mode": listen[3]}
    if listen[1] == "episode":
        fields |= NO_TRACK | {"episode_name": "On Kelp", "spotify_episode_uri": f"spotify:episode:{EPISODE}"}
    elif listen[1] == "removed":
        fields |= NO_TRACK
    else:
        fields |= {"spotify_track_uri": f"spotify:track:{listen[1]}", "master_metadata_track_name": listen[1]}
    make = now_row if form == "now" else old_row
    return make(f"{at(listen):%Y-%m-%dT%H:%M:%SZ}", **fields)


def account_rows(listens: list[Listen]) -> list[Json]:
    return [account_row(f"{at(listen):%Y-%m-%d %H:%M}", listen[2], listen[1]) for listen in listens]


@dataclass
class Download:
    """A download: its rows in files, and how the files are written."""

    account: str
    source: str
    day: int  # on which it was packaged
    files: list[list[Json]]
    shown: list[list[tuple[datetime, Shown]]]  # the contents of each file, in the terms of the rule
    is_folder: bool
    encoding: str
    indent: int | None
    as_lines: bool
    is_cut: bool
    others: bool
    texts: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Write the texts."""
        self.texts = [
            "\n".join(json.dumps(row) for row in rows) if self.as_lines else json.dumps(rows, indent=self.indent)
            for rows in self.files
        ]
        if self.is_cut:
            self.texts[-1] = self.texts[-1][: -2 if self.as_lines else -1]

    @property
    def packaged_at(self) -> datetime:
        return FIRST_PACKAGED + timedelta(days=self.day)

    def write(self, path: Path) -> Path:
        """The ZIP or the folder."""
        contents = [text.encode(self.encoding) for text in self.texts]
        if self.others:
            contents += [b"", b"no JSON", json.dumps({"username": MARK, "email": MARK}).encode(), contents[0]]
        if self.is_folder:
            path.mkdir()
            for number, data in enumerate(contents):
                file = path / f"{number} .json"
                file.write_bytes(data)
                os.utime(file, (self.packaged_at.timestamp(),) * 2)
            return path
        with zipfile.ZipFile(path, "w") as archive:
            for number, data in enumerate(contents):
                archive.writestr(zipfile.ZipInfo(f"{number}", self.packaged_at.timetuple()[:6]), data)
        return path


@st.composite
def downloads(draw: st.DrawFn) -> list[Download]:
    """Up to four downloads of one or two people, from the same listening; a download may occur twice."""
    listen = st.tuples(
        st.integers(0, 30),
        st.sampled_from([SONG, OTHER, "episode", "removed"]),
        st.sampled_from([0, 29_999, 201_480]),
        st.integers(0, 9).map(lambda n: n == 0),
    )
    life: list[Listen] = draw(st.lists(listen, min_size=8, max_size=16))
    days = draw(st.permutations(range(6)))
    made = []
    for number in range(draw(st.sampled_from([1, 2, 3, 4]))):
        first, last = draw(st.sampled_from([(0, 30), (0, 20), (10, 30), (5, 15), (12, 18)]))
        seen = [each for each in life if first <= each[0] <= last and draw(st.integers(0, 5))]
        form = draw(st.sampled_from(["now", "old", "mixed", "account"]))
        parts = [part for part in _split(draw, seen) if part]
        if not parts:
            continue
        if form == "account":
            songs = [[each for each in part if each[1] in (SONG, OTHER)] for part in parts]
            parts = [part for part in songs if part]
            files = [account_rows(part) for part in parts]
            shown = [[account_shown(each) for each in part] for part in parts]
        else:
            forms = [draw(st.sampled_from(["now", "old"])) if form == "mixed" else form for _ in parts]
            files = [[extended_row(of, each) for each in part] for of, part in zip(forms, parts, strict=True)]
            shown = [[extended_shown(each) for each in part if not each[3]] for part in parts]
        if files:
            how: dict[str, Any] = {
                "account": draw(st.sampled_from(["me", "me", "you"])),
                "source": "account" if form == "account" else "extended",
                "files": files,
                "shown": shown,
                "is_folder": draw(st.booleans()),
                "encoding": draw(st.sampled_from(ENCODINGS)),
                "indent": draw(st.sampled_from([None, 2])),
                "as_lines": draw(st.booleans()),
                "is_cut": draw(st.integers(0, 9)) == 0,
                "others": draw(st.booleans()),
            }
            made.append(Download(day=days[number], **how))
    if made and draw(st.booleans()):
        again = made[0]
        made.append(Download(**{name: getattr(again, name) for name in again.__annotations__ if name != "texts"}))
        made[-1].day = days[-1]
    return made


def _split(draw: st.DrawFn, seen: list[Listen]) -> list[list[Listen]]:
    cut = draw(st.integers(0, len(seen)))
    return [seen[:cut], seen[cut:]]


# --- the rule in plain Python


def extended_shown(listen: Listen) -> tuple[datetime, Shown]:
    song = listen[1] if listen[1] in (SONG, OTHER) else None
    return at(listen), ("extended", "second", song, EPISODE if listen[1] == "episode" else None, listen[2])


def account_shown(listen: Listen) -> tuple[datetime, Shown]:
    return at(listen).replace(second=0), ("account", "minute", None, listen[1], listen[2])


def current_plays(made: list[Download]) -> Counter[tuple[str, datetime, Shown]]:
    """Goes from the strongest package to the weakest; each shows the plays that no stronger package covers.

    Stronger: extended before account, then the newer. Packages with the same files are one, as new as its newest copy.
    """
    packages: dict[tuple[Any, ...], tuple[int, list[tuple[datetime, Shown]]]] = {}
    for each in made:
        if each.is_cut:
            continue
        by_text = {text.encode(each.encoding): plays for text, plays in zip(each.texts, each.shown, strict=True)}
        key = (each.account, each.source, frozenset(by_text))
        day = max(each.day, packages[key][0] if key in packages else 0)
        packages[key] = day, [play for plays in by_text.values() for play in plays]
    current: Counter[tuple[str, datetime, Shown]] = Counter()
    for account in ("me", "you"):
        covered: list[tuple[datetime, datetime]] = []
        for source in ("extended", "account"):
            of_source = [package for key, package in packages.items() if key[:2] == (account, source)]
            for _, plays in sorted(of_source, key=lambda package: -package[0]):
                for time, shown in plays:
                    if not any(_covers(first, last, time, source) for first, last in covered):
                        current[account, time, shown] += 1
                times = [time for time, _ in plays]
                covered += [(min(times), max(times))] if times else []
    return current


def _covers(first: datetime, last: datetime, time: datetime, source: str) -> bool:
    """Times of account history are whole minutes: the minute in which the range begins belongs to the range."""
    return (first.replace(second=0) if source == "account" else first) <= time <= last


# --- the test


@dataclass
class Lake:
    """The lake of all examples, and the plays that must be current."""

    expected: Counter[tuple[Any, ...]]
    cut: int
    rows: int


@pytest.fixture
def imported(lake: ObjectStore, spark: SparkSession, tmp_path: Path) -> Lake:  # the job finds the session
    """Every example through `make import`'s own function and the job."""
    expected: Counter[tuple[Any, ...]] = Counter()
    cut = rows = 0
    for world, made in enumerate(generated(150, downloads())):
        for number, each in enumerate(made):
            path = each.write(tmp_path / f"{world}-{number}")
            if each.is_cut:
                with pytest.raises(CommandError, match="cut off or damaged"):
                    import_package(lake, path, f"{each.account}-{world}", frozenset())
                cut += 1
            else:
                rows += import_package(lake, path, f"{each.account}-{world}", frozenset()).plays.total()
        expected += Counter({(f"{who}-{world}", *rest): n for (who, *rest), n in current_plays(made).items()})
    arguments = ["--lake", lake.uri]
    run(parse_arguments(arguments), arguments, lambda: datetime(2026, 11, 20, 12, tzinfo=UTC))
    return Lake(expected, cut, rows)


def test_the_current_plays_of_any_downloads_are_those_of_the_rule(
    imported: Lake, warehouse: EmbeddedSnowflake, tmp_path: Path
) -> None:
    columns = "account, played_at, source, played_at_precision, song_id, episode_id, track_name, ms_played"
    in_engines = {
        "Snowflake": snowflake_current(warehouse, PLAYS, columns),
        "Athena": athena_current(tmp_path / "lake", PLAYS, columns),
    }

    for engine, rows in in_engines.items():
        current = Counter(
            (who, time.replace(tzinfo=UTC), (source, precision, song, episode or account_name(source, name), ms))
            for who, time, source, precision, song, episode, name, ms in rows
        )
        assert current == imported.expected, engine
    assert imported.cut > 5
    assert 200 < imported.expected.total() < imported.rows  # many are hidden


def account_name(source: str, name: object) -> object:
    return name if source == "account" else None


FIXTURES = [
    json.dumps([now_row("2026-02-11T18:05:44Z"), now_row("2026-02-11T18:09:44Z", ms_played=0)]).encode(),
    json.dumps([old_row("2020-02-11T18:05:44Z"), old_row("2014-08-02T10:11:12Z", **NO_TRACK)], indent=1).encode(),
    json.dumps([account_row("2024-05-21 09:50"), account_row("2024-05-21 09:51", 0)]).encode(),
]


def damaged(count: int) -> Iterator[list[bytes]]:
    chance = random.Random("downloads")  # nothing is secret
    for _ in range(count):
        yield [mutated(FIXTURES, chance) for _ in range(chance.randrange(1, 4))]


@pytest.mark.jvm
def test_a_damaged_download_gives_rows_or_a_sentence(
    lake: ObjectStore,
    spark: SparkSession,  # the job finds the session
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sentences: Counter[str] = Counter()
    printed = []
    for number, contents in enumerate(damaged(600)):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for place, data in enumerate(contents):
                archive.writestr(f"{place}.json", data)
        try:
            printed.append(as_text(import_package(lake, path, f"a{number}", frozenset())))
        except CommandError as error:
            sentences[str(error)] += 1

    assert job(["--lake", lake.uri, "--max-objects", "1000"]) == 0

    assert len(printed) > 100
    assert sentences.total() > 100
    known = ("the package has no listening history", "file 1 of the package is", "file 2 of the", "file 3 of the")
    assert [sentence for sentence in sentences if not sentence.startswith(known)] == []
    output = "".join([*sentences, *printed, caplog.text])
    assert MARK not in output
    assert list(lake.list("raw/quarantine/")) == []
