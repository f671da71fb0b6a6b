"""What every table's rows go through: cast by contract, then the newest observation."""

from functools import reduce
from operator import and_, or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from glue_jobs.frames import PLACE
from glue_jobs.normal_form import MISFIT
from shared.contract import Column, Table, Type

SPARK_TYPES = {kind: kind.value for kind in Type} | {Type.TIMESTAMP: "timestamp_ntz"}

# Stricter than Spark's cast, which also takes a lone year or time of day for a timestamp.
_ISO_TIMESTAMP = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}([.]\d+)?(Z|[+-]\d{2}:?\d{2})$"
_EXCERPT = 200
FAULT = "fault"
IS_FAULTY = "is_faulty"


def conform(rows: DataFrame, table: Table, *others: str) -> DataFrame:
    """The table's columns with their types, and whether and why the row is refused: `is_faulty` and `fault`.

    `fault` is null, or the first column that breaks the contract and the reason; where nobody shows it, it is dropped,
    so that Spark does not make it.

    Text is cast; a value that will not cast, a misfit of structure and a missing key are faults, and null in the
    column. Columns that a transform has typed itself are only checked for presence. The place where a row was read and
    `others` are passed on as they are.
    """
    is_text = {field.name: isinstance(field.dataType, StringType) for field in rows.schema.fields}
    texts = [column.name for column in table.columns if is_text[column.name]]
    kept = [*PLACE, *others]
    # In two steps, so that each value is cast once, whatever asks for it.
    cast = rows.select(
        *[_value(column, is_text=is_text[column.name]).alias(column.name) for column in table.columns],
        *kept,
        *[F.col(name).alias(_given(name)) for name in texts],
    )
    breaks = [_breaks(column) for column in table.columns if is_text[column.name] or not column.nullable]
    faults = [_fault(column, is_text=is_text[column.name]) for column in table.columns]
    return cast.select(
        *[column.name for column in table.columns],
        *kept,
        reduce(or_, breaks).alias(IS_FAULTY),
        F.coalesce(*faults).alias(FAULT),
    )


def _given(name: str) -> str:
    return f"given {name}"


def _value(column: Column, *, is_text: bool) -> SparkColumn:
    given = F.col(column.name)
    if not is_text:
        return given
    if column.type is Type.STRING:
        return F.when(~given.startswith(MISFIT), given)
    # expr: functions.try_cast does not exist in Spark 3.5, the SQL function does.
    if column.type is Type.TIMESTAMP:
        # By way of the zoned type: the cast to TIMESTAMP_NTZ alone would drop an offset unread. The session is in UTC,
        # so a Z says nothing, but Spark would take longer over it than over all the rest.
        utc = F.expr(f"try_cast(trim(trailing 'Z' from `{column.name}`) as timestamp)").cast("timestamp_ntz")
        # A zone may lead out of the years 1 to 9999, which is all that SQL engines and Python know.
        return F.when(given.rlike(_ISO_TIMESTAMP) & F.year(utc).between(1, 9999), utc)
    return F.expr(f"try_cast(`{column.name}` as {SPARK_TYPES[column.type]})")


def _breaks(column: Column) -> SparkColumn:
    """Whether `_fault` finds something; not asked of what may be null and was never text."""
    is_null = F.col(column.name).isNull()
    if not column.nullable:
        return is_null
    return is_null & F.col(_given(column.name)).isNotNull()


def _fault(column: Column, *, is_text: bool) -> SparkColumn:
    given = F.col(_given(column.name) if is_text else column.name)
    found = F.when(F.lit(not column.nullable) & given.isNull(), fault(column.name, F.lit("missing")))
    if not is_text:
        return found
    shown = F.when(given.startswith(MISFIT), F.substring(given, len(MISFIT) + 1, _EXCERPT)).otherwise(
        F.substring(given, 1, _EXCERPT)
    )
    is_misfit = given.isNotNull() & F.col(column.name).isNull()
    return found.when(is_misfit, fault(column.name, F.concat(F.lit(f"no {column.type}: "), shown)))


def fault(column: str | None, reason: SparkColumn) -> SparkColumn:
    """Why a row is rejected: the column that breaks the contract, null if the row as a whole does, and the reason."""
    return F.struct(F.lit(column).cast("string").alias("column"), reason.alias("reason"))


def is_published(table: Table) -> SparkColumn:
    """Whether a row goes into the table: it has no fault, or the table keeps rejected rows and the key is whole."""
    is_sound = ~F.col(IS_FAULTY)
    if not table.keeps_rejected:
        return is_sound
    return is_sound | reduce(and_, [F.col(name).isNotNull() for name in table.key])


def newest(rows: DataFrame, table: Table) -> DataFrame:
    """The rows to publish, at most one per key: of the newest observation as `Table.newest_per` says.

    Histories keep all. A row that is not published never counts as an observation, so that an older sound one still
    wins, as it would if the two came in different batches.
    """
    newest_rows = rows.where(is_published(table))
    if table.newest_per and table.newest_per != table.key:
        observed = Window.partitionBy(*table.newest_per).orderBy(*_within_batch(table.observation_order))
        newest_rows = newest_rows.withColumn("_rank", F.rank().over(observed)).where("_rank = 1").drop("_rank")
    if table.newest_per:
        of_key = Window.partitionBy(*table.key).orderBy(*_within_batch(table.row_order))
        newest_rows = newest_rows.withColumn("_row", F.row_number().over(of_key)).where("_row = 1").drop("_row")
    return newest_rows


def first_misfit(texts: SparkColumn) -> SparkColumn:
    """The first marked text in an array of texts, null if each of them fits."""
    return F.get(F.filter(texts, lambda text: text.startswith(MISFIT)), F.lit(0))


def text_or_null(name: str) -> SparkColumn:
    """The text, null for an empty one: the API writes "" for an id that it does not know."""
    # Not functions.nullif: Spark 3.5 asks it for a type before names are resolved.
    return F.when(F.col(name) != "", F.col(name))


def _within_batch(order: tuple[str, ...]) -> list[SparkColumn]:
    # A batch has one id, and its documents are numbered in the order of their source objects.
    names = ["document" if name == "source_object" else name for name in order if name != "batch_id"]
    return [F.col(name).desc() for name in names]
