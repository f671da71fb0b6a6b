"""The whole chain over a small library: every row of every table and view is compared with rows typed by hand.

The extractor reads five playlists and the liked songs on three days:

- 19 November: all is new. One playlist belongs to another user: this app sees the playlist, but not its items.
- 20 November: Morning gains a song and loses one, Kitchen is renamed, Brief is deleted, a song is liked.
- 21 November: nothing has changed and all is read again, but Kitchen may no longer be read.

The rows are in `end_to_end/`, typed from the contracts and the views' descriptions, one row per line; a column that a
row does not name is null. `lake` holds the rows that the day adds; all other tables hold the state of that day.
"""

import io
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from extract_lambda.handler import run as run_lambda
from glue_jobs.explode_playlists import parse_arguments
from glue_jobs.explode_playlists import run as run_job
from shared.store import ObjectStore
from shared.tables import TABLES
from tests.stores import keys

pytestmark = pytest.mark.usefixtures("spark")  # the job uses this session

THE_19TH, THE_20TH, THE_21ST = (date(2026, 11, day) for day in (19, 20, 21))
MORNING = "1playlistMorning000000"
KITCHEN = "1playlistKitchen000000"
BRIEF = "1playlistBrief00000000"
THEIRS = "1playlistTheirs0000000"
EMPTY = "1playlistEmpty00000000"

# Differs from run to run, so it cannot be typed: only its form is checked.
SHAPES = {
    "batch_id": "[0-9]{20}-[0-9A-HJKMNP-TV-Z]{26}",  # partly random
    "document_id": "[0-9a-f]{64}",  # a digest of the raw document, whose exact bytes are not part of this test
}

# Not typed here: BI views show every row of the first three; the others have their own tests.
NOT_TYPED = {
    "core.playlist_check_results",
    "core.playlist_versions",
    "core.playlist_stays",
    "bi.dates",
    "bi.songs_never_played",
}
# This lake holds no plays, so these views are empty.
OF_PLAYS = re.compile(r"bi\.(plays.*|top_played_.*|listening_.*|played_.*)")

Row = Mapping[str, Any]
Tables = Mapping[str, list[Row]]  # under names such as lake.songs and bi.songs


class Chain:
    """Spotify, the Lambda, the job and the warehouse over one lake."""

    def __init__(self, spotify: SpotifyStub, lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
        self.spotify = spotify
        self._lake = lake
        self.warehouse = warehouse

    def extract(self, on: date, **settings: str) -> None:
        """Runs the Lambda at 09:00."""
        nine = _nine(on)
        self.spotify.day = (on - THE_19TH).days
        environment = {
            **self.spotify.environment,
            "LAKE_URI": self._lake.uri,
            "SPOTIFY_PLAYLISTS": f"{MORNING},{KITCHEN},{BRIEF},{THEIRS},{EMPTY}",
            "SPOTIFY_LIKED_SONGS": "yes",
        }
        run_lambda(f"{nine:%Y%m%dT%H%M%SZ}", environment | settings, clock=lambda: nine, report=lambda *_: None)

    def explode_and_load(self, on: date) -> None:
        """Runs the job at 09:05 over what is pending, then the pipes over what it published."""
        arguments = ["--lake", self._lake.uri]
        run_job(parse_arguments(arguments), arguments, lambda: _nine(on) + timedelta(minutes=5))
        assert keys(self._lake, "raw/pending/") == []
        assert {load.status for load in self.warehouse.load_new()} == {LoadStatus.LOADED}

    def everything(self) -> Tables:
        """All rows of the lake and the warehouse; of landing tables only the number of rows."""
        return self._lake_tables() | self._landing_counts() | self._views("CORE") | self._views("BI")

    def _lake_tables(self) -> dict[str, list[Row]]:
        tables: dict[str, list[Row]] = {f"lake.{table.name}": [] for table in TABLES}
        for key in keys(self._lake, "processed/"):
            file = self._lake.get(key)
            assert file
            tables[f"lake.{key.split('/')[1]}"] += pq.ParquetFile(io.BytesIO(file.data)).read().to_pylist()
        return tables

    def _landing_counts(self) -> dict[str, list[Row]]:
        counts: list[Row] = []
        for table in self._columns("LANDING"):
            [(count,)] = self.warehouse.query(f"select count(*) as row_count from SPOTIFY.LANDING.{table}")
            counts.append({"table": table, "row_count": count})
        return {"landing.row_counts": counts}

    def _views(self, schema: str) -> dict[str, list[Row]]:
        return {
            f"{schema.lower()}.{view}": [
                dict(zip(columns, row, strict=True))
                for row in self.warehouse.query(
                    f"select {', '.join(columns)} from SPOTIFY.{schema}.{view}"
                )  # our names
            ]
            for view, columns in self._columns(schema).items()
        }

    def _columns(self, schema: str) -> dict[str, list[str]]:
        columns: dict[str, list[str]] = {}
        for table, column in self.warehouse.query(
            "select table_name, column_name from SPOTIFY.INFORMATION_SCHEMA.COLUMNS where table_schema = %s", schema
        ):
            columns.setdefault(str(table).lower(), []).append(str(column).lower())
        return columns


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty warehouse with everything deployed. Tests copy it, which is faster than deploying again."""
    folder = tmp_path_factory.mktemp("deployed")
    with EmbeddedSnowflake(folder) as warehouse:
        warehouse.deploy()
    return folder


@pytest.fixture
def warehouse_folder(deployed: Path, tmp_path: Path) -> Path:
    """A copy of the deployed warehouse for one test."""
    return shutil.copytree(deployed, tmp_path / "warehouse")


@contextmanager
def chain_over(lake: ObjectStore, warehouse_folder: Path, app_class: str) -> Iterator[Chain]:
    """A chain whose Spotify app has this class: A sees no popularity, B does."""
    with (
        SpotifyStub(Catalogue(size="small"), app_class=app_class) as spotify,
        EmbeddedSnowflake(warehouse_folder, lake) as warehouse,
    ):
        warehouse.deploy()
        yield Chain(spotify, lake, warehouse)


def _nine(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 9, tzinfo=UTC)


def typed(*days: object) -> Tables:
    """The typed rows of the last of these days, and the lake's rows of all of them."""
    tables: dict[str, list[Row]] = {}
    for day in days:
        text = Path(__file__).with_name("end_to_end").joinpath(f"{day}.json").read_text(encoding="utf-8")
        for place, content in json.loads(text).items():
            for name, rows in content.items():
                before = tables.get(f"{place}.{name}", []) if place == "lake" else []
                tables[f"{place}.{name}"] = before + rows
    return tables


def differences(when: object, actual: Tables, expected: Tables) -> list[str]:
    """A line for each missing or surplus row and table, the lake's first."""
    expected = {name: [] for name in actual if OF_PLAYS.fullmatch(name)} | dict(expected)
    lines = [f"{when}: {name} is missing" for name in expected if name not in actual]
    lines += [f"{when}: {name} has not been typed" for name in actual if name not in expected and name not in NOT_TYPED]
    for name in (name for name in expected if name in actual):
        has, wanted = Counter(map(_text, actual[name])), Counter(map(_text, expected[name]))
        lines += [f"{when}: {name} lacks {row}" for row in (wanted - has).elements()]
        lines += [f"{when}: {name} holds {row}" for row in (has - wanted).elements()]
    return lines


def _text(row: Row) -> str:
    """The row as text, the same for typed and computed rows."""
    for name in SHAPES.keys() & row.keys():
        assert re.fullmatch(SHAPES[name], str(row[name])), row
    as_text = {name: _value_as_text(value) for name, value in row.items() if value is not None and name not in SHAPES}
    return json.dumps(as_text, ensure_ascii=False, sort_keys=True)


def _value_as_text(value: object) -> object:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        number = round(float(value), 4)
        return int(number) if number.is_integer() else number
    return str(value)  # of a time


def test_three_days_of_a_small_library(folder_store: ObjectStore, warehouse_folder: Path) -> None:
    with chain_over(folder_store, warehouse_folder, app_class="A") as chain:
        chain.extract(THE_19TH)
        chain.explode_and_load(THE_19TH)
        wrong = differences(THE_19TH, chain.everything(), typed(THE_19TH))

        chain.extract(THE_20TH)
        chain.explode_and_load(THE_20TH)
        wrong += differences(THE_20TH, chain.everything(), typed(THE_19TH, THE_20TH))

        chain.spotify.faults.add("not_owner", path=f"/playlists/{KITCHEN}/items", times=None)
        chain.extract(THE_21ST, FORCE_FULL_EVERY_DAYS="1")
        chain.explode_and_load(THE_21ST)
        wrong += differences(THE_21ST, chain.everything(), typed(THE_19TH, THE_20TH, THE_21ST))

    assert not wrong, "\n".join(wrong)


def test_the_same_with_the_lake_on_s3(s3_store: ObjectStore, warehouse_folder: Path) -> None:
    with chain_over(s3_store, warehouse_folder, app_class="A") as chain:
        for on in (THE_19TH, THE_20TH):
            chain.extract(on)
            chain.explode_and_load(on)
        wrong = differences(THE_20TH, chain.everything(), typed(THE_19TH, THE_20TH))

    assert not wrong, "\n".join(wrong)


def test_an_app_that_sees_popularity_fills_the_popularity_tables(
    folder_store: ObjectStore, warehouse_folder: Path
) -> None:
    with chain_over(folder_store, warehouse_folder, app_class="B") as chain:
        chain.extract(THE_19TH)
        chain.extract(THE_20TH)
        chain.explode_and_load(THE_20TH)  # both runs in one batch
        expected = typed("popularity")
        actual = {name: rows for name, rows in chain.everything().items() if name in expected}
        wrong = differences("popularity", actual, expected)

    assert not wrong, "\n".join(wrong)
