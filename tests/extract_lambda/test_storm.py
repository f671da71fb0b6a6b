"""300 playlists with 60,000 items, and a fault in one of five answers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from deploy.local.spotify.world import Item, LocalFile, Song
from extract_lambda.credentials import Credentials
from extract_lambda.extract import extract
from extract_lambda.failures import ADVICE
from extract_lambda.result import FailedRunError, Result
from extract_lambda.spotify import Spotify
from glue_jobs.reading.document import read_document
from glue_jobs.reading.playlist import entry_of
from shared.store import open_store

MOST_RUNS = 8


@dataclass
class Weather:
    """Runs the extractor on a simulated clock: waits take no time."""

    stub: SpotifyStub
    lake: Path
    now: datetime = datetime(2026, 11, 20, 10, tzinfo=UTC)
    results: list[Result] = field(default_factory=list)

    def run(self) -> Result:
        credentials = Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN)
        spotify = Spotify(
            credentials,
            api_url=f"{self.stub.url}/v1",
            accounts_url=self.stub.url,
            clock=lambda: self.now,
            sleep=self.sleep,
            timeout=(5.0, 1.0),
        )
        store = open_store(str(self.lake))
        run_id = f"{self.now:%Y%m%dT%H%M%SZ}"
        try:
            result = extract(("mine",), spotify, store, run_id=run_id, clock=lambda: self.now)
        except FailedRunError as error:
            result = error.result
        self.results.append(result)
        self.now = max(result.cool_down_until or self.now, self.now) + timedelta(hours=1)
        return result

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weather]:
    """A storm after the first run that succeeded."""
    with SpotifyStub(Catalogue(size="storm")) as stub:
        stub.faults.at_random(seed=2, share=0.2)
        weather = Weather(stub, tmp_path_factory.mktemp("lake"))
        while weather.run().status != "ok" and len(weather.results) < MOST_RUNS:
            pass
        stub.faults.clear()
        yield weather


def documents(lake: Path) -> list[Path]:
    return sorted(lake.glob("raw/pending/run=*/*.ndjson.gz"))


def shown(item: Item) -> tuple[str, str | None]:
    match item.content:
        case Song(id=name):
            return "song", name
        case LocalFile(name=name):
            return "local", name
    return "empty", None


def kind_and_name(row: object) -> tuple[str, str | None]:
    kind, entry, _ = entry_of(row)
    return kind, (entry or {}).get("id" if kind == "song" else "name")


def test_each_item_is_read_exactly_once_in_the_newest_read_of_its_playlist(after: Weather) -> None:
    newest: dict[str, list[tuple[str, str | None]]] = {}
    complete: list[bool | None] = []
    for path in documents(after.lake):  # in the order of their runs
        (check,) = read_document(path.read_bytes()).checks
        complete.append(check.is_complete)
        rows = sorted(check.rows(), key=lambda at: at[0])
        newest[check.playlist_id] = [kind_and_name(row) for _, row in rows]

    truth = {playlist.id: [shown(item) for item in playlist.items] for playlist in after.stub.playlists()}
    assert 59_990 < sum(map(len, truth.values())) < 60_000  # some were removed meanwhile
    assert newest.keys() == truth.keys()
    assert [name for name in truth if newest[name] != truth[name]] == []
    assert set(complete) == {True}


def test_each_playlist_is_checked_or_left_and_each_failure_has_a_class(after: Weather) -> None:
    assert after.results[-1].status == "ok"
    assert len(after.results) <= MOST_RUNS
    for result in after.results:
        assert len(result.checks) + len(result.left) == 300
        assert set(result.failures) <= set(ADVICE)
        assert all(check.failure_class for check in result.checks if check.status == "failed")


def test_the_storm_had_the_intended_faults(after: Weather) -> None:
    asked, failed = after.stub.calls.total(), after.stub.failed.total()
    assert 0.15 < failed / asked < 0.25
    assert sum(result.throttled for result in after.results) > 20
    assert {"server", "reset", "stall", "truncated", "garbled", "unauthorised", "rate", "lying_total", "short_page",
            "changed"} <= after.stub.faults.met.keys()  # fmt: skip


def test_few_requests_exceed_the_minimum(after: Weather) -> None:
    asked = after.stub.calls - after.stub.failed
    del asked["token"]
    least = sum(_least(result) for result in after.results)

    assert asked.total() <= 1.15 * least


def _least(result: Result) -> int:
    """The minimum of requests: six library pages, six more if anything was read, and the pages that were read."""
    pages = [max(1, -(-(check.item_count or 0) // 50)) for check in result.checks if check.status == "read"]
    return (12 if pages else 6) + sum(pages)


def test_without_changes_only_the_library_is_requested_and_no_job_is_started(after: Weather) -> None:
    asked, before = Counter(after.stub.calls), sorted(after.lake.glob("raw/pending/**/*"))

    result = after.run()

    assert (result.status, result.count("unchanged")) == ("ok", 300)
    assert after.stub.calls - asked == {"me_playlists": 6, "token": 1}
    assert sorted(after.lake.glob("raw/pending/**/*")) == before
