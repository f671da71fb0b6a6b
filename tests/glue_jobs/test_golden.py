"""Every case of the golden corpus, through the real reader, transforms and newest, on real Spark.

All cases go through Spark together, each as its own batch. The cases share song ids, so batch_id is added to the
contracts' keys.
"""

import dataclasses
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_jobs.frames import newest, read_frame
from glue_jobs.log_entry import Input
from glue_jobs.reading.part import Part, PartReport, read_part
from glue_jobs.transforms import TRANSFORMS
from shared import lake
from shared.contract import MadeFrom, Table
from shared.store import open_store
from shared.tables import TABLES
from tests.corpus import Case, Row, cases, sort_rows

CASES = list(cases())
MADE_TABLES = [table for table in TABLES if table.made_from in (MadeFrom.ITEM, MadeFrom.CHECK)]


@dataclasses.dataclass
class Outcome:
    """The outcome of all cases: rows per case and table, rejects and kinds per case, and the report."""

    rows: Mapping[tuple[str, str], list[Row]]
    rejects: Mapping[str, Counter[tuple[Any, ...]]]
    kinds: Mapping[str, Counter[str]]
    report: PartReport


def _drop(case: Case, root: Path) -> None:
    for name, document in case.documents.items():
        at = document["extracted_at"].replace("-", "").replace(":", "")
        target = root / "raw/pending/drop" / f"at={at}" / case.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(case.path(name).read_bytes())


def _case_of(key: str) -> str:
    return key.split("/")[-2]


def _by_case(frame: DataFrame) -> DataFrame:
    return frame.withColumn("batch_id", F.element_at(F.split("source_object", "/"), -2))


@pytest.fixture(scope="module")
def outcome(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    root = tmp_path_factory.mktemp("lake")
    for case in CASES:
        _drop(case, root)
    store = open_store(str(root))
    inputs = tuple(Input(listed.key, listed.token, listed.size, listed.time) for listed in store.list(lake.PENDING))
    report = read_part(Part(0, inputs, str(root), "golden"))
    frames = {
        made_from: read_frame(spark, str(root / lake.staging("golden", made_from)), made_from)
        for made_from in (MadeFrom.ITEM, MadeFrom.CHECK)
    }

    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for table in MADE_TABLES:
        made = _by_case(TRANSFORMS[table.name](frames[table.made_from]))
        per_case = dataclasses.replace(
            table,
            key=("batch_id", *table.key),
            newest_per=("batch_id", *table.newest_per) if table.newest_per else (),
        )
        for row in newest(made, per_case).collect():
            document = row["source_object"].rpartition("/")[2]
            own = tuple(row[column.name] for column in table.columns)
            rows[row["batch_id"], table.name].append((*own, document, row["source_position"]))
    kinds = {_case_of(document.input.key): Counter[str]() for document in report.documents}
    for document in report.documents:
        kinds[_case_of(document.input.key)].update(document.kinds)
    return Outcome(rows, _rejects(root, report), kinds, report)


def _rejects(root: Path, report: PartReport) -> Mapping[str, Counter[tuple[Any, ...]]]:
    rejects: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for file in report.files:
        for line in gzip.decompress((root / file.staged).read_bytes()).splitlines():
            reject = json.loads(line)
            if "table" in reject:
                name = reject["source_object"].rpartition("/")[2]
                place = (name, reject["table"], reject["column"], reject["source_position"])
                rejects[_case_of(reject["source_object"])][place] += 1
    return rejects


@pytest.mark.parametrize("table", MADE_TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rows_are_those_typed_by_hand(case: Case, table: Table, outcome: Outcome) -> None:
    assert sort_rows(outcome.rows.get((case.name, table.name), [])) == case.rows(table), case.expected["why"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rejects_are_those_typed_by_hand(case: Case, outcome: Outcome) -> None:
    typed = [reject for reject in case.expected["rejects"] if reject["table"] is not None]
    expected = Counter(
        (reject["document"], reject["table"], reject["column"], reject["source_position"]) for reject in typed
    )

    assert outcome.rejects.get(case.name, Counter()) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_item_has_one_kind(case: Case, outcome: Outcome) -> None:
    expected = {kind: count for kind, count in case.expected["account"].items() if count}

    assert {kind: count for kind, count in outcome.kinds[case.name].items() if count} == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_accepted_or_quarantined_with_its_reason(case: Case, outcome: Outcome) -> None:
    reasons = {
        document.input.key.rpartition("/")[2]: document.reason
        for document in outcome.report.documents
        if f"/{case.name}/" in document.input.key
    }

    assert reasons.keys() == case.documents.keys()
    for name, document in case.documents.items():
        reason = reasons[name]
        if document["outcome"] == "accepted":
            assert reason is None, name
        else:
            assert reason is not None, name
            assert document["reason"].lower() in reason.lower(), name
