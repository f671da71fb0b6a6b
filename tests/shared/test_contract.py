"""Rules that every table's contract keeps, including tables added later."""

import pytest

from shared.contract import LINEAGE, Column, ObservedPer, Table, Type, key_column, source_paths
from shared.tables import TABLES
from shared.tables.batches import BATCHES

each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@each_table
def test_the_key_is_never_null(table: Table) -> None:
    columns = {column.name: column for column in table.all_columns}

    assert table.key
    assert [name for name in table.key if columns[name].nullable] == []


@each_table
def test_the_tables_own_key_columns_come_first_in_key_order(table: Table) -> None:
    own = [column.name for column in table.columns]
    of_key = [name for name in table.key if name in own]

    assert own[: len(of_key)] == of_key


@each_table
def test_newest_per_is_the_key_or_a_part_of_it(table: Table) -> None:
    assert set(table.newest_per) <= set(table.key)


@each_table
def test_column_names_are_unique_and_plain_in_every_engine(table: Table) -> None:
    names = [column.name for column in table.all_columns]

    assert len(names) == len(set(names))
    assert [name for name in [table.name, *names] if not (name.isascii() and name.isidentifier())] == []
    assert [name for name in [table.name, *names] if name != name.lower()] == []


@each_table
def test_a_columns_suffix_matches_its_type(table: Table) -> None:
    promised = {"_at": Type.TIMESTAMP, "_on": Type.DATE, "_ms": Type.INT, "_count": Type.INT, "_id": Type.STRING}

    for column in table.all_columns:
        if column.name.startswith("is_"):
            assert column.type is Type.BOOLEAN, column.name
        for ending, kind in promised.items():
            if column.name.endswith(ending):
                assert column.type is kind, column.name


@each_table
def test_a_column_is_described_without_a_full_stop_and_a_table_in_sentences(table: Table) -> None:
    assert [column.name for column in table.all_columns if not column.doc or column.doc.endswith(".")] == []
    assert table.doc.endswith(".")
    assert table.grain.startswith("one row per ")
    assert not table.grain.endswith(".")


@each_table
def test_every_table_but_batches_has_the_lineage_columns(table: Table) -> None:
    assert table.lineage == (LINEAGE if table is not BATCHES else LINEAGE[:1])
    assert [column.name for column in table.lineage if column.nullable] == []


def test_tables_have_different_names_and_batches_comes_last() -> None:
    names = [table.name for table in TABLES]

    assert len(names) == len(set(names))
    assert names[-1] == "batches"


def test_items_are_ordered_by_source_position_and_reads_only_within_their_key() -> None:
    columns = (key_column("one_id", "the one"),)
    per_item = Table(
        name="ones", doc="D.", grain="one row per one", key=("one_id",), observed_per=ObservedPer.ITEM, columns=columns
    )
    per_read = Table(
        name="ones", doc="D.", grain="one row per one", key=("one_id",), observed_per=ObservedPer.READ, columns=columns
    )

    assert per_item.observation_order == ("extracted_at", "source_object", "source_position", "batch_id")
    assert per_read.observation_order == ("extracted_at", "source_object", "batch_id")
    assert per_read.row_order == per_item.row_order == per_item.observation_order


def test_a_table_with_fewer_lineage_columns_is_ordered_by_those_it_has() -> None:
    assert BATCHES.observation_order == BATCHES.row_order == ("batch_id",)


def test_a_column_has_any_number_of_source_paths() -> None:
    columns = (
        Column("made", Type.INT, "d"),
        Column("one", Type.INT, "d", "item.one"),
        Column("two", Type.DATE, "d", ("item.a", "item.b")),
    )
    table = Table(name="t", doc="D.", grain="g", key=("made",), observed_per=ObservedPer.ITEM, columns=columns)

    assert [column.sources for column in columns] == [(), ("item.one",), ("item.a", "item.b")]
    paths = [(path, column.type) for path, column in source_paths((table,))]
    assert paths == [("item.one", Type.INT), ("item.a", Type.DATE), ("item.b", Type.DATE)]
