"""A run stops between two batches before its minutes end; an attempt fails after the timeout of its own run."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from deploy.commands import CommandError
from deploy.operate.forget import forget
from glue_jobs.arguments import ArgumentError
from glue_jobs.commit_log import JOB_TIMEOUT
from glue_jobs.explode_playlists import parse_arguments
from shared.store import ObjectStore
from tests.glue_jobs.accounts import names
from tests.glue_jobs.test_commit_log import A, commit_log, planned
from tests.glue_jobs.test_explode_playlists import drop, take
from tests.stores import content, keys

TERRAFORM = Path(__file__).parents[2] / "deploy/aws/terraform/variables.tf"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STOPPED = "Stopped between two batches, as its minutes were used up: more is left, run again"


def test_a_run_stops_between_batches_and_the_next_goes_on(spark: SparkSession, tmp_path: Path) -> None:
    drop(tmp_path, "many_artists/page.json", "bare_rows/rows.json")

    first = take("--lake", str(tmp_path), "--max-objects", "1", "--minutes", "0.0001")

    assert (len(first.batches), first.more, json.loads(first.as_json())["more"]) == (1, True, True)
    assert first.as_table().splitlines()[-1] == f"{STOPPED}."
    assert len(names(tmp_path, "raw/pending")) == 1
    assert names(tmp_path, "log/attempts") == []
    assert json.loads((tmp_path / "log/more.json").read_bytes()) == {"stopped_at": "2026-11-20T12:00:00Z"}

    replay = take("--lake", str(tmp_path), "--replay", "1..1", "--minutes", "0.0001")

    assert (len(replay.batches), replay.more) == (1, False)
    assert (tmp_path / "log/more.json").exists()  # a replay does not list what is pending

    second = take("--lake", str(tmp_path), "--max-objects", "1", "--minutes", "0.0001")

    assert (len(second.batches), second.more, json.loads(second.as_json())["more"]) == (1, False, False)
    assert not (tmp_path / "log/more.json").exists()

    stopped = take("--lake", str(tmp_path), "--max-objects", "1", "--replay", "1..3", "--minutes", "0.0001")

    assert stopped.as_table().splitlines()[-1] == f"{STOPPED} with --replay 3..3."
    assert not (tmp_path / "log/more.json").exists()


def test_a_run_with_nothing_to_do_removes_more_json(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log/more.json").write_bytes(b"{}")

    assert not take("--lake", str(tmp_path)).batches

    assert not (tmp_path / "log/more.json").exists()


def test_the_default_budget_is_70_percent_of_the_default_timeout() -> None:
    assert parse_arguments(["--lake", "x"]).timeout == timedelta(minutes=20)
    assert parse_arguments(["--lake", "x"]).budget is None
    assert parse_arguments(["--lake", "x", "--timeout-minutes", "90"]).timeout == timedelta(minutes=90)
    assert parse_arguments(["--lake", "x", "--minutes", "2.5"]).budget == timedelta(minutes=2.5)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "x", "inf", "99999999"])
def test_minutes_are_a_number_above_0(text: str) -> None:
    for name in ("--minutes", "--timeout-minutes"):
        with pytest.raises(ArgumentError, match=re.escape(f"no number of minutes above 0: {text!r}")):
            parse_arguments(["--lake", "x", name, text])


def test_terraform_ends_a_run_when_the_log_expects_it() -> None:
    text = TERRAFORM.read_text(encoding="utf-8")

    assert re.findall(r'variable "job_timeout_minutes" \{\n.*\n.*\n  default +=(.*)', text) == [" 20"]
    assert timedelta(minutes=20) == JOB_TIMEOUT


def test_an_attempt_marker_holds_its_own_deadline(store: ObjectStore) -> None:
    store.put(A, b"a")
    batch = planned(commit_log(store, clock=lambda: NOON, job_timeout=timedelta(minutes=90)))

    marker = json.loads(content(store, f"log/attempts/{batch.batch_id}.json") or b"")

    assert (marker["planned_at"], marker["failed_after"]) == ("2026-11-20T12:00:00Z", "2026-11-20T13:30:00Z")


@pytest.mark.parametrize(("minutes", "failed"), [(20, False), (90, False), (91, True)])
def test_a_run_with_other_settings_uses_the_markers_deadline(
    folder_store: ObjectStore,
    minutes: int,
    failed: bool,
) -> None:
    folder_store.put(A, b"a")
    planned(commit_log(folder_store, clock=lambda: NOON, job_timeout=timedelta(minutes=90)))
    later = NOON + timedelta(minutes=minutes)

    batch = planned(commit_log(folder_store, clock=lambda: later, job_timeout=timedelta(minutes=1)))

    assert batch.alone is False or failed
    running = [key for key, _ in commit_log(folder_store, clock=lambda: later).running()]
    assert (len(running) == 1) is failed  # the new attempt's marker lasts a minute, the older one's 90
    assert (len(running) == 2) is not failed


def test_forgetting_waits_until_the_markers_deadline(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    batch = planned(commit_log(folder_store, clock=lambda: NOON, job_timeout=timedelta(minutes=90)))
    marker = f"log/attempts/{batch.batch_id}.json"

    with pytest.raises(CommandError) as raised:
        forget(folder_store, None, "ann", clock=lambda: NOON + timedelta(minutes=89))

    assert str(raised.value) == (
        f"a job may be running ({marker}): wait until it ends; if it was killed, run this again after 13:30:00 UTC"
    )
    forget(folder_store, None, "ann", apply=False, clock=lambda: NOON + timedelta(minutes=91))
    assert keys(folder_store, "log/attempts/") == [marker]
