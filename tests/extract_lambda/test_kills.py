"""Runs killed at any moment leave only whole objects and lose nothing."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from deploy.local.spotify import Catalogue, SpotifyStub
from glue_jobs.reading.document import read_document
from tests.waiting import started, wait_for

ROOT = Path(__file__).parents[2]
LANES, KILLS = 2, 15  # 30 in all


def start(stub: SpotifyStub, lake: Path, hour: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
    environment = {
        **stub.environment,
        "PATH": os.environ["PATH"],
        "LAKE_URI": str(lake),
        "SPOTIFY_CALLS_PER_DAY": "100000",
    }
    at = f"2026-11-{19 + hour // 24:02}T{hour % 24:02}:00:00Z"
    command = [sys.executable, "-m", "extract_lambda", "--at", at]
    return started(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def kill_many(catalogue: Catalogue, lake: Path, seed: int) -> tuple[int, dict[str, int], str]:
    """The number of killed runs, the items per playlist at Spotify, and the status of the last run."""
    rng = random.Random(seed)  # no secret
    lake.mkdir()
    kills = hour = 0
    with SpotifyStub(catalogue) as stub:
        while kills < KILLS:
            stub.day = kills // 3
            target = stub.calls.total() + rng.randint(1, 40)
            with start(stub, lake, hour) as program:
                wait_for(
                    lambda: stub.calls.total() >= target or program.poll() is not None,
                    "so many calls",
                    pause=0.002,
                )
                time.sleep(rng.random() * 0.02)
                if program.poll() is None:
                    program.send_signal(signal.SIGKILL)
            kills += program.returncode == -signal.SIGKILL
            hour += rng.random() < 0.5 or program.returncode == 0  # otherwise the same event is delivered again
        with start(stub, lake, hour) as program:
            assert program.stdout
            last = json.loads(program.stdout.read())["status"]
        mine = [
            playlist for playlist in stub.playlists() if playlist.owner == catalogue.me or playlist.is_collaborative
        ]
        return kills, {playlist.id: len(playlist.items) for playlist in mine}, last


def newest(lake: Path) -> dict[str, int]:
    """The number of items in the newest document of each playlist; asserts that every document is whole."""
    documents = {}
    for path in sorted(lake.glob("raw/pending/run=*/*.ndjson.gz")):
        (check,) = read_document(path.read_bytes()).checks
        assert check.is_complete, path
        positions = sorted(position for position, _ in check.rows())
        assert positions == list(range(len(positions))), path
        documents[check.playlist_id] = len(positions)
    return documents


def checks(lake: Path) -> set[str]:
    """The objects that the manifests name."""
    manifests = [json.loads(path.read_text()) for path in lake.glob("raw/pending/run=*/_manifest.json")]
    return {check["object"] for manifest in manifests for check in manifest["checks"] if check["object"]}


def test_thirty_kills_lose_nothing(tmp_path: Path) -> None:
    catalogue = Catalogue()
    lakes = [tmp_path / f"lake{n}" for n in range(LANES)]
    with ThreadPoolExecutor(LANES) as pool:
        ended = list(pool.map(lambda n: kill_many(catalogue, lakes[n], n), range(LANES)))

    for lake, (kills, truth, last) in zip(lakes, ended, strict=True):
        assert (kills, last) == (15, "ok")
        have = newest(lake)
        assert {name: have[name] for name in truth} == truth
        stored = {str(path.relative_to(lake)) for path in lake.glob("raw/pending/run=*/*.ndjson.gz")}
        assert checks(lake) == stored
