"""Athena's definitions of the lake; test_current.py queries its views."""

import sqlglot
from sqlglot import exp

from shared.contract import Table

ATHENA_COMMENT_LIMIT = 255  # of a column in the Glue catalogue (Column.Comment in AWS's Glue API)


def test_the_table_has_the_contracts_columns_and_comments(athena_ddl: exp.Create, table: Table) -> None:
    columns = athena_ddl.this.expressions

    assert [(column.name, comment_of(column)) for column in columns] == [
        (column.name, column.doc) for column in table.all_columns
    ]


def test_the_table_has_athenas_types(athena_ddl: exp.Create) -> None:
    types = {column.args["kind"].sql("hive").lower() for column in athena_ddl.this.expressions}

    assert types <= {"string", "int", "bigint", "boolean", "date", "timestamp"}


def test_no_comment_is_longer_than_the_catalogue_allows(table: Table) -> None:
    assert [column.name for column in table.all_columns if len(column.doc) > ATHENA_COMMENT_LIMIT] == []


def test_partitions_are_projected_over_the_folders_of_the_lake(athena_ddl: exp.Create, table: Table) -> None:
    properties = {
        prop.this.name: prop.args["value"].name
        for prop in athena_ddl.find_all(exp.Property)
        if type(prop) is exp.Property
    }
    location = athena_ddl.find(exp.LocationProperty)
    partitioned_by = athena_ddl.find(exp.PartitionedByProperty)

    assert location is not None
    assert location.this.name == f"s3://the-bucket/some/prefix/processed/{table.name}/"
    assert partitioned_by is not None
    assert [column.name for column in partitioned_by.this.expressions] == ["ingest_date"]
    assert properties == {
        "projection.enabled": "true",
        "projection.ingest_date.type": "date",
        "projection.ingest_date.format": "yyyy-MM-dd",
        "projection.ingest_date.range": "2024-01-01,NOW",
        "projection.ingest_date.interval": "1",
        "projection.ingest_date.interval.unit": "DAYS",
        "storage.location.template": (
            f"s3://the-bucket/some/prefix/processed/{table.name}/ingest_date=${{ingest_date}}/"
        ),
    }


def test_the_current_view_names_the_contracts_columns(athena_view: str, table: Table) -> None:
    view = sqlglot.parse_one(athena_view, read="athena")

    assert isinstance(view, exp.Create)
    names = [column.name for column in table.all_columns]
    assert view.expression.named_selects == names + ["ingest_date"] * (table.name in HISTORY)


# Every observation is kept, so a row has a day on which it was published.
HISTORY = {"playlist_checks", "song_popularity", "batches"}


def comment_of(column: exp.Expr) -> str:
    comment = column.find(exp.CommentColumnConstraint)
    return comment.this.name if comment else ""
