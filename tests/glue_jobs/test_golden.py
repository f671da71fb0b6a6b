"""Every case of the golden corpus, through the real reader, intake, transforms and newest, on real Spark.

All cases go through Spark together, each as its own batch: the contracts' keys are widened by batch_id, since the cases
use the same songs on purpose.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_jobs.commit_log import Batch, Input
from glue_jobs.conform import FAULT, IS_FAULTY, is_published, newest, with_fault
from glue_jobs.frames import read_items, read_reads
from glue_jobs.intake import Intake, take_in
from glue_jobs.transforms import FROM_ITEMS, FROM_READS
from shared import lake
from shared.contract import Table
from shared.store import open_store
from shared.tables import BATCHES, TABLES
from tests.corpus import Case, Row, cases, sort_rows

CASES = list(cases())
MADE_TABLES = [table for table in TABLES if table is not BATCHES]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclasses.dataclass
class Outcome:
    """What came of all cases: per case and table the rows, per case the rejects, the kinds and the intake."""

    rows: Mapping[tuple[str, str], list[Row]]
    rejects: Mapping[str, Counter[tuple[Any, ...]]]
    kinds: Mapping[str, Counter[str]]
    intake: Intake


def _drop(case: Case, root: Path) -> None:
    for name, document in case.documents.items():
        at = document["extracted_at"].replace("-", "").replace(":", "")
        target = root / "raw/pending/drop" / f"at={at}" / case.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(case.path(name).read_bytes())


def _by_case(frame: DataFrame) -> DataFrame:
    return frame.withColumn("batch_id", F.element_at(F.split("source_object", "/"), -2))


@pytest.fixture(scope="module")
def outcome(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    root = tmp_path_factory.mktemp("lake")
    for case in CASES:
        _drop(case, root)
    store = open_store(str(root))
    inputs = tuple(Input(one.key, one.token, one.size, one.time) for one in store.list(lake.PENDING))
    intake = take_in(Batch("golden", 0, inputs, NOON, condemned=False), lambda one: store.get(one.key), store)
    items = _by_case(read_items(spark, str(root / intake.items), "golden"))
    reads = _by_case(read_reads(spark, str(root / intake.reads), "golden"))

    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    rejects: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for table in MADE_TABLES:
        frame = FROM_ITEMS[table.name](items) if table.name in FROM_ITEMS else FROM_READS[table.name](reads)
        frame = with_fault(frame, table).persist()
        per_case = dataclasses.replace(
            table,
            key=("batch_id", *table.key),
            newest_per=("batch_id", *table.newest_per) if table.newest_per else (),
        )
        for row in newest(frame, per_case).where(is_published(per_case)).collect():
            document = row["source_object"].rpartition("/")[2]
            own = tuple(row[column.name] for column in table.columns)
            rows[row["batch_id"], table.name].append((*own, document, row["source_position"]))
        for row in frame.where(F.col(FAULT).isNotNull() | F.col(IS_FAULTY)).collect():
            place = (row["source_object"].rpartition("/")[2], table.name, row[FAULT]["column"], row["source_position"])
            rejects[row["batch_id"]][place] += 1
        if table.name == "playlist_items":
            for row in frame.groupBy("batch_id", "kind").count().collect():
                kinds[row["batch_id"]][row["kind"]] = row["count"]
    return Outcome(rows, rejects, kinds, intake)


@pytest.mark.parametrize("table", MADE_TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rows_are_those_typed_by_hand(case: Case, table: Table, outcome: Outcome) -> None:
    assert sort_rows(outcome.rows.get((case.name, table.name), [])) == case.rows(table), case.expected["why"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_not_taken_is_rejected_where_it_stands(case: Case, outcome: Outcome) -> None:
    typed = [one for one in case.expected["rejects"] if one["table"] is not None]
    expected = Counter((one["document"], one["table"], one["column"], one["source_position"]) for one in typed)

    assert outcome.rejects.get(case.name, Counter()) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_item_has_one_kind(case: Case, outcome: Outcome) -> None:
    expected = {kind: count for kind, count in case.expected["account"].items() if count}

    assert dict(outcome.kinds.get(case.name, {})) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_taken_or_quarantined_with_its_reason(case: Case, outcome: Outcome) -> None:
    reasons = {
        taken.key.rpartition("/")[2]: taken.reason for taken in outcome.intake.taken if f"/{case.name}/" in taken.key
    }

    assert reasons.keys() == case.documents.keys()
    for name, document in case.documents.items():
        reason = reasons[name]
        if document["outcome"] == "taken":
            assert reason is None, name
        else:
            assert reason is not None, name
            assert document["reason"].lower() in reason.lower(), name
