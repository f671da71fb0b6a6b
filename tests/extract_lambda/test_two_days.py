"""Two days of the Spotify stub, for every class of app."""

from datetime import UTC, datetime

import pytest

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from extract_lambda.credentials import Credentials
from extract_lambda.extract import extract
from extract_lambda.result import Result
from extract_lambda.spotify import Spotify
from shared.store import open_store
from tests.extract_lambda.conftest import Lake

MORNING, KITCHEN, BRIEF, EMPTY = (
    "1playlistMorning000000",
    "1playlistKitchen000000",
    "1playlistBrief00000000",
    "1playlistEmpty00000000",
)


def run(stub: SpotifyStub, lake: Lake, day: int) -> Result:
    stub.day = day
    credentials = Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN)
    spotify = Spotify(credentials, api_url=f"{stub.url}/v1", accounts_url=stub.url)
    return extract(
        ("mine",),
        spotify,
        open_store(str(lake.root)),
        run_id=f"202611{19 + day}T100000Z",
        liked_songs=True,
        clock=lambda: datetime(2026, 11, 19 + day, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize("app_class", ["A", "B", "C"])
def test_two_days_of_a_small_library(lake: Lake, app_class: str) -> None:
    with SpotifyStub(Catalogue(size="small"), app_class=app_class) as stub:
        first = run(stub, lake, 0)
        second = run(stub, lake, 1)

    assert [(check.playlist_id, check.status, check.item_count) for check in first.checks] == [
        (MORNING, "read", 5),
        (KITCHEN, "read", 4),
        (BRIEF, "read", 1),
        (EMPTY, "read", 0),
        ("liked:me", "read", 3),
    ]
    assert [(check.playlist_id, check.status, check.item_count) for check in second.checks] == [
        (EMPTY, "unchanged", None),
        (BRIEF, "gone", None),
        (MORNING, "read", 5),
        (KITCHEN, "read", 4),
        ("liked:me", "read", 4),
    ]
    assert (first.not_mine, second.not_mine) == (1, 1)
    [line] = [
        line for line in lake.lines(f"raw/pending/run=20261120T100000Z/{MORNING}.ndjson.gz") if line["offset"] == 0
    ]
    key = "item" if app_class == "A" else "track"
    assert [row[key]["name"] for row in line["body"]["items"]] == [
        "Tide",
        "Tide",
        "First talk",
        "雨のワルツ",
        "Crossing",
    ]
