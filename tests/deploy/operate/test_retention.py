"""Retention removes old batches from raw, lake and warehouse, but nothing that current rows depend on."""

from datetime import UTC, datetime

import pytest

from deploy.commands import run_command
from deploy.operate.retention import last_old_batch, main, retain
from deploy.operate.status import status
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.lake import archived
from shared.store import ObjectStore


def keys(lake: ObjectStore) -> list[str]:
    return [listed.key for listed in lake.list("")]


@pytest.mark.parametrize(
    ("before", "number"),
    [
        (datetime(2026, 11, 16, 10, 5, tzinfo=UTC), 0),
        (datetime(2026, 11, 16, 10, 6, tzinfo=UTC), 1),
        (datetime(2026, 11, 18, tzinfo=UTC), 2),
    ],
)
def test_the_age_of_a_batch_is_that_of_its_commit(lake: ObjectStore, before: datetime, number: int) -> None:
    assert last_old_batch(lake, before) == number


def test_an_unfinished_batch_stays(lake: ObjectStore) -> None:
    lake.delete("log/frontier.json")
    lake.delete("log/done/00000000000000000001")

    assert last_old_batch(lake, datetime(2027, 1, 1, tzinfo=UTC)) == 0


def test_an_old_batch_is_removed_everywhere_and_the_rest_agrees(
    lake: ObjectStore, warehouse: EmbeddedSnowflake
) -> None:
    result = retain(lake, warehouse, 1, apply=True)

    assert dict(result.objects) == {
        "raw/processed": 2,
        "processed/batches": 1,
        "processed/playlist_items": 1,
        "processed/playlist_checks": 1,
        "processed/song_popularity": 1,
        "processed/songs": 1,
    }
    assert dict(result.rows) == {
        "songs": 2,
        "song_popularity": 2,
        "playlist_items": 2,
        "playlist_checks": 2,
        "batches": 1,
    }
    assert [key for key in keys(lake) if "00000000000000000001" in key] == [
        "log/00000000000000000001.json",
        "log/done/00000000000000000001",
    ]
    assert warehouse.query("select SONG_ID, NAME from SPOTIFY.CORE.SONGS") == [("s1", "New")]
    left = status(lake, warehouse)
    assert ([batch.number for batch in left.batches], left.removed_up_to, left.differences) == ([2], 1, [])


def test_a_dry_run_reports_the_same_and_changes_nothing(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    before = keys(lake)

    dry = retain(lake, warehouse, 1, apply=False)

    assert keys(lake) == before
    assert warehouse.query("select count(*) as c from SPOTIFY.LANDING.SONGS") == [(3,)]
    assert retain(lake, warehouse, 1, apply=True) == dry


def test_the_command_removes_only_when_it_is_confirmed(
    lake: ObjectStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.operate.retention.now", lambda: datetime(2030, 1, 1, tzinfo=UTC))
    before, command = keys(lake), ["--lake", lake.uri, "--days", "400"]

    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Nothing was removed. To do this, add APPLY=yes (without make: --apply)."
    )
    assert keys(lake) == before
    assert main([*command, "--apply"]) == 0
    assert [key for key in keys(lake) if not key.startswith("log/")] == []


def test_running_again_removes_nothing_and_finishes_a_stopped_run(
    lake: ObjectStore, warehouse: EmbeddedSnowflake
) -> None:
    lake.put("log/retention.json", b'{"removed_up_to": 1}')  # stopped after its mark

    assert retain(lake, warehouse, 1, apply=True).objects.total() == 7
    assert (retain(lake, warehouse, 1, apply=True).objects.total(), status(lake, warehouse).differences) == (0, [])


def test_rejects_quarantine_and_quiet_manifests_are_removed_as_well(lake: ObjectStore) -> None:
    lake.put(archived(2, "raw/quiet/run=20261117T110000Z.json"), b"a manifest")

    result = retain(lake, None, 2, apply=True)

    assert (result.objects["raw/quarantine"], result.objects["rejects"]) == (1, 1)
    assert [key for key in keys(lake) if not key.startswith("log/")] == []


def test_less_than_two_full_reads_is_refused(
    lake: ObjectStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_FULL_EVERY_DAYS", "10")

    assert run_command("retention", main, ["--lake", lake.uri, "--days", "19", "--apply"]) == 1
    assert run_command("retention", main, ["--lake", lake.uri, "--days", "20"]) == 0

    printed = capsys.readouterr().err
    assert printed.startswith("retention: 19 days are too few: current rows come from the last two full reads")
    assert printed.endswith("(FORCE_FULL_EVERY_DAYS); keep at least 20, DAYS=20\n")
