"""Answers with values removed, retyped, repeated or moved, the same on each request: they cost one playlist at most."""

import random
from typing import Any
from urllib.parse import urlsplit

import pytest

from extract_lambda.failures import ADVICE
from glue_jobs.reading.document import read_document
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake, Run
from tests.extract_lambda.test_incomplete import MANIFEST, ODD, PENDING, check_of, songs
from tests.glue_jobs.mutations import with_odd_values

GOOD = f"{PENDING}/1good.ndjson.gz"
ITEMS, LIBRARY, DESCRIPTION = "/v1/playlists/1odd/items", "/v1/me/playlists", "/v1/playlists/1odd"
_ROUNDS = 40


def made_odd(body: dict[str, Any], path: str, seed: int) -> dict[str, Any]:
    """The answer as it is spoilt, each time in the same way; of the library, the entry of 1odd alone."""
    chance = random.Random(f"odd answers {seed} {path}")  # nothing is secret
    if urlsplit(path).path != LIBRARY:
        return dict(with_odd_values([body], chance)[0]) if chance.random() < 0.7 else body
    entries: list[Any] = []
    for each in body["items"]:
        entries += with_odd_values([each], chance) if each["id"] == "1odd" else [each]
    return body | {"items": entries}


def spoil(api: Api, target: str, seed: int) -> None:
    answer = api._body

    def spoilt(path: str) -> object:
        body = answer(path)
        if not isinstance(body, dict) or urlsplit(path).path != target:
            return body
        try:
            return made_odd(body, path, seed)
        except (TypeError, ValueError, IndexError):  # the whole answer became another value
            return [None]

    api._body = spoilt  # type: ignore[method-assign]  # the stub of this test answers so


@pytest.mark.parametrize("target", [ITEMS, LIBRARY, DESCRIPTION])
def test_odd_answers_cost_one_playlist_at_most(api: Api, run: Run, lake: Lake, target: str) -> None:
    outcomes = set()
    for seed in range(_ROUNDS):
        for path in sorted(lake.root.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        api.playlists = {"1odd": Playlist(rows(*songs(120))), "1good": Playlist(rows("g1", "g2"))}
        api._body = type(api)._body.__get__(api)  # type: ignore[method-assign]  # as it was
        spoil(api, target, seed)

        result = run(playlists=("mine", "1odd"))

        statuses = {check.playlist_id: check.status for check in result.checks}
        assert statuses["1good"] == "read", seed
        [good] = read_document((lake.root / GOOD).read_bytes()).checks
        assert [row["item"]["id"] for _, row in good.rows()] == ["g1", "g2"], seed
        assert good.is_complete, seed
        assert set(statuses) >= {"1odd"}, seed
        assert set(result.failures) <= set(ADVICE), seed
        outcomes.add(outcome_of_odd(lake, statuses["1odd"], seed))

    assert outcomes == OUTCOMES[target]


OUTCOMES = {
    ITEMS: {"complete", "incomplete", "failed"},
    LIBRARY: {"complete"},
    DESCRIPTION: {"complete"},
}


def outcome_of_odd(lake: Lake, status: str, seed: int) -> str:
    """How the read of 1odd ended, after its document was compared with the manifest."""
    if status == "failed":
        assert not (lake.root / ODD).exists(), seed
        return "failed"
    [odd] = read_document((lake.root / ODD).read_bytes()).checks
    positions = [position for position, _ in odd.rows()]
    assert positions == sorted(set(positions)), seed
    _, item_count, missing = check_of(lake, MANIFEST)
    assert (odd.item_count, odd.is_complete) == (item_count, missing is None), seed
    return "complete" if missing is None else "incomplete"
