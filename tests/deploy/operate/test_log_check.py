"""Status names each fault of the log with what to do, and continues with the rest."""

import json
from pathlib import Path

import pytest

from deploy.operate.status import as_text, main, status
from glue_jobs.log_entry import CommitLogError
from shared.store import ObjectStore, open_store
from tests.glue_jobs.test_commit_log import A, commit_log, job
from tests.stores import content

ENTRY = "log/0000000000000000000{}.json"
DONE = "log/done/0000000000000000000{}"
OR_MOVE = "or, if the suite never wrote it, move it out of the lake"
FROM_BACKUP = (
    "Restore it from a backup or from an earlier version in the bucket; if the suite never wrote it, move it out"
)
RESTORE = "restore it from a backup or from an earlier version in the bucket"
STOPS = "; until then the job stops at its start and publishes nothing"


@pytest.fixture
def lake(tmp_path: Path) -> ObjectStore:
    """Three batches, all complete."""
    store = open_store(str(tmp_path / "lake"), create=True)
    for data in (b"a", b"b", b"c"):
        store.put(A, data)
        job(commit_log(store), store)
    return store


def faults(lake: ObjectStore) -> list[str]:
    """The faults of the log alone; the faults of these made-up files do not matter here."""
    return status(lake, None).log_faults


def test_a_whole_log_has_no_faults(lake: ObjectStore) -> None:
    assert faults(lake) == []


def test_a_missing_entry_is_named_and_its_files_are_no_strays(lake: ObjectStore) -> None:
    lake.delete(ENTRY.format(2))

    result = status(lake, None)

    assert result.log_faults == [f"{ENTRY.format(2)} is missing: {RESTORE}{STOPS}"]
    assert [batch.number for batch in result.batches] == [1, 3]
    assert not any("no batch published it" in batch for batch in result.differences)
    assert as_text(result).splitlines()[-1] != "Everything agrees."


def test_many_missing_entries_are_one_line(lake: ObjectStore) -> None:
    lake.delete(ENTRY.format(1))
    lake.delete(ENTRY.format(2))

    assert faults(lake) == [
        (
            f"{ENTRY.format(1)} to {ENTRY.format(2)} are missing: restore them from a backup or from earlier versions "
            f"in the bucket{STOPS}"
        )
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b'{"batch_id": "0', "it is no JSON: perhaps it is truncated"),
        (b"\xff\xfe", "it is no JSON: perhaps it is truncated"),
        (b"{}", "it lacks version"),
        (b"[]", "it is no JSON object"),
        (b'{"version": 2}', "it lacks committed_at"),
    ],
)
def test_an_entry_that_cannot_be_read_is_named(lake: ObjectStore, data: bytes, why: str) -> None:
    lake.put(ENTRY.format(2), data)

    result = status(lake, None)

    assert result.log_faults == [f"{ENTRY.format(2)} cannot be read ({why}): {RESTORE}, {OR_MOVE}"]
    assert [batch.number for batch in result.batches] == [1, 3]
    assert not any("no batch published it" in batch for batch in result.differences)


@pytest.mark.parametrize("field", ["rows", "rejects", "reconciliation"])
def test_an_entry_with_values_of_another_type_is_named(lake: ObjectStore, field: str) -> None:
    entry = json.loads(content(lake, ENTRY.format(2)) or b"")
    lake.put(ENTRY.format(2), json.dumps(entry | {field: [1]}).encode())

    assert faults(lake) == [f"{ENTRY.format(2)} cannot be read (its {field} is no object): {RESTORE}, {OR_MOVE}"]


@pytest.mark.parametrize("name", ["00000000000000000007", "99999999999999999999"])
def test_a_foreign_entry_is_named_and_no_entry_is_missed(lake: ObjectStore, name: str) -> None:
    lake.put(f"log/{name}.json", content(lake, ENTRY.format(3)) or b"")

    assert faults(lake) == [f"log/{name}.json cannot be read (it is the entry of number 3): {RESTORE}, {OR_MOVE}"]


def test_a_completion_marker_without_an_entry_is_named(lake: ObjectStore) -> None:
    lake.put(DONE.format(5), b"")

    assert faults(lake) == [
        (
            f"{DONE.format(5)} exists, but {ENTRY.format(5)} does not: restore it from a backup or from an earlier "
            f"version in the bucket; if batch 5 never existed, move the marker out of the lake{STOPS}"
        )
    ]


def test_a_watermark_ahead_of_the_log_is_named(lake: ObjectStore) -> None:
    lake.put("log/frontier.json", b'{"done": 40}')

    assert faults(lake) == [
        (
            "log/frontier.json says that the batches up to 40 are complete, but the log ends at 3: restore the later "
            "entries with their completion markers from a backup; if there never were any, remove log/frontier.json, "
            "the next run writes it again"
        )
    ]


def test_a_watermark_ahead_of_a_batch_that_is_not_complete_is_named(lake: ObjectStore) -> None:
    lake.delete(DONE.format(2))

    assert faults(lake) == [
        (
            "log/frontier.json says that the batches up to 3 are complete, but batch 2 has no completion marker: "
            "remove log/frontier.json and run the job, which completes it"
        )
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"done": "x"}', b'{"done": -1}'])
def test_a_damaged_watermark_is_ignored(lake: ObjectStore, data: bytes) -> None:
    lake.put("log/frontier.json", data)

    assert faults(lake) == []


def test_the_command_names_the_faults_and_ends_with_1(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    lake.put(ENTRY.format(3), b"{")

    assert main(["--lake", lake.uri]) == 1

    shown = capsys.readouterr().out
    assert f"- {ENTRY.format(3)} cannot be read (it is no JSON: perhaps it is truncated): " in shown


# --- the same faults at the job's start


SEVENTH = "log/00000000000000000007.json"
GONE = "log/00000000000000000004.json is gone, but {0} shows that it was committed. Restore it from a backup; if there "
GONE += "never was such a batch, move {0} out of the lake."


@pytest.mark.parametrize(
    ("key", "data", "sentence"),
    [
        (ENTRY.format(4), b'{"batch', f"{ENTRY.format(4)} cannot be read (it is no JSON: perhaps it is truncated)."),
        (SEVENTH, b"{}", f"{SEVENTH} cannot be read (it lacks version)."),
        (SEVENTH, b"3", f"{SEVENTH} cannot be read (it is the entry of number 3)."),
        ("log/99999999999999999999.json", b"", "log/99999999999999999999.json cannot be read (it is empty)."),
    ],
)
def test_the_job_names_an_entry_that_cannot_be_read(lake: ObjectStore, key: str, data: bytes, sentence: str) -> None:
    lake.put(key, content(lake, ENTRY.format(3)) or b"" if data == b"3" else data)

    with pytest.raises(CommitLogError) as raised:
        commit_log(lake).finish_earlier_commits()

    says = f"{sentence} {FROM_BACKUP} of the lake. Until then nothing more is published."
    assert str(raised.value) == f"The lake {lake.uri} is damaged: {says}"


@pytest.mark.parametrize(
    ("key", "data"), [("log/done/00000000000000000007", b""), ("log/frontier.json", b'{"done": 40}')]
)
def test_the_job_names_the_object_that_reveals_a_missing_entry(lake: ObjectStore, key: str, data: bytes) -> None:
    lake.put(key, data)

    with pytest.raises(CommitLogError) as raised:
        commit_log(lake).finish_earlier_commits()

    says = f"{GONE.format(key)} Until then nothing more is published."
    assert str(raised.value) == f"The lake {lake.uri} is damaged: {says}"
