"""What every table's rows go through: cast by contract, then the newest observation.

Expressions are SQL text: of functions, each word would be a message or two to the JVM, thousands for the ten tables.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from glue_jobs.frames import LINEAGE
from glue_jobs.normal_form import MISFIT
from glue_jobs.packed import SPARK_TYPES
from shared.contract import Column, Table, Type

# Stricter than Spark's cast, which also takes a lone year or time of day for a timestamp.
_ISO_TIMESTAMP = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})$"
_EXCERPT = 200
FAULT = "fault"
IS_FAULTY = "is_faulty"
_REFUSED = "refused"


def conform(rows: DataFrame, table: Table, refused: str = "null") -> DataFrame:
    """The table's columns with their types, the lineage, and `is_faulty`: whether the row breaks the contract.

    Text is cast; a value that will not cast, a misfit of structure and a missing key are faults, and null in the
    column. Columns that a transform has typed itself are only checked for presence. `refused` names a column that says
    why a row is no row at all. What `with_fault` tells from is in further columns.
    """
    texts = {field.name for field in rows.schema.fields if isinstance(field.dataType, StringType)}
    names = [column.name for column in table.columns]
    # In two steps, so that each value is cast once, whatever asks for it.
    cast = rows.selectExpr(
        *[f"{_value(column)} as {column.name}" if column.name in texts else column.name for column in table.columns],
        *LINEAGE,
        f"cast({refused} as string) as {_REFUSED}",
        *[f"{name} as {_given(name)}" for name in names if name in texts],
    )
    breaks = [_breaks(column) for column in _checked(table, texts)]
    return cast.selectExpr("*", f"{' or '.join([f'{_REFUSED} is not null', *breaks])} as {IS_FAULTY}")


def with_fault(conformed: DataFrame, table: Table) -> DataFrame:
    """The rows with `fault`: null, or the first column that breaks the contract, and the reason.

    Apart, since nearly all rows are sound, and Spark is longer over the words than over the rows.
    """
    given = set(conformed.columns)
    texts = {column.name for column in table.columns if f"given {column.name}" in given}
    faults = [_fault(column, is_text=column.name in texts) for column in _checked(table, texts)]
    whole = f"case when {_REFUSED} is not null then {_told(None, _REFUSED)} end"
    return conformed.withColumn(FAULT, F.expr(f"coalesce({', '.join([whole, *faults])})"))


def _checked(table: Table, texts: set[str]) -> list[Column]:
    # What may be null and was never text cannot break the contract.
    return [column for column in table.columns if column.name in texts or not column.nullable]


def _given(name: str) -> str:
    return f"`given {name}`"


def _value(column: Column) -> str:
    given = column.name
    if column.type is Type.STRING:
        return f"if(startswith({given}, '{MISFIT}'), null, {given})"
    if column.type is Type.TIMESTAMP:
        # By way of the zoned type: the cast to TIMESTAMP_NTZ alone would drop an offset unread. The session is in UTC,
        # so a Z says nothing, but Spark would take longer over it than over all the rest.
        utc = f"cast(try_cast(trim(trailing 'Z' from {given}) as timestamp) as timestamp_ntz)"
        # A zone may lead out of the years 1 to 9999, which is all that SQL engines and Python know.
        return f"if({given} rlike '{_ISO_TIMESTAMP}' and year({utc}) between 1 and 9999, {utc}, null)"
    return f"try_cast({given} as {SPARK_TYPES[column.type]})"


def _breaks(column: Column) -> str:
    """Whether `with_fault` finds something."""
    if not column.nullable:
        return f"{column.name} is null"
    return f"({column.name} is null and {_given(column.name)} is not null)"


def _fault(column: Column, *, is_text: bool) -> str:
    name, given = column.name, _given(column.name) if is_text else column.name
    cases = []
    if not column.nullable:
        cases.append(f"when {given} is null then " + _told(name, "'missing'"))
    if is_text:
        shown = f"substring({given}, if(startswith({given}, '{MISFIT}'), {len(MISFIT) + 1}, 1), {_EXCERPT})"
        no_such = f"concat('no {column.type}: ', {shown})"
        cases.append(f"when {given} is not null and {name} is null then " + _told(name, no_such))
    return f"case {' '.join(cases)} end"


def _told(column: str | None, reason: str) -> str:
    # No column: the row as a whole.
    named = "null" if column is None else f"'{column}'"
    return f"named_struct('column', cast({named} as string), 'reason', {reason})"


def is_published(table: Table) -> str:
    """The condition for a row to go into the table: no fault, or a whole key if the table keeps rejected rows."""
    if not table.keeps_rejected:
        return f"not {IS_FAULTY}"
    return f"not {IS_FAULTY} or ({' and '.join(f'{name} is not null' for name in table.key)})"


def newest(rows: DataFrame, table: Table) -> DataFrame:
    """The rows to publish, at most one per key: of the newest observation as `Table.newest_per` says.

    Histories keep all. A row that is not published never counts as an observation, so that an older sound one still
    wins, as it would if the two came in different batches.
    """
    newest_rows = rows.where(is_published(table))
    if table.newest_per and table.newest_per != table.key:
        newest_rows = _first(newest_rows, "rank()", table.newest_per, table.observation_order)
    if table.newest_per:
        newest_rows = _first(newest_rows, "row_number()", table.key, table.row_order)
    return newest_rows


def _first(rows: DataFrame, ranked: str, per: tuple[str, ...], order: tuple[str, ...]) -> DataFrame:
    latest = ", ".join(f"{name} desc" for name in order if name != "batch_id")  # a batch has one
    window = F.expr(f"{ranked} over (partition by {', '.join(per)} order by {latest})")
    return rows.withColumn("_rank", window).where("_rank = 1").drop("_rank")


def first_misfit(texts: SparkColumn) -> SparkColumn:
    """The first marked text in an array of texts, null if each of them fits."""
    return F.get(F.filter(texts, lambda text: text.startswith(MISFIT)), F.lit(0))


def text_or_null(name: str) -> SparkColumn:
    """The text, null for an empty one: the API writes "" for an id that it does not know."""
    # Not functions.nullif: Spark 3.5 asks it for a type before names are resolved.
    return F.expr(f"nullif({name}, '')")
