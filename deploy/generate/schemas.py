"""Generates schemas for Spark, Athena and Snowflake, pipes and current views from the contracts."""

import json
import textwrap
from collections.abc import Sequence

from deploy.generate.athena_views import STAY_DAYS, VIEW_COLUMNS, saved_queries, view_select
from glue_jobs.reading.parquet import SPARK_TYPES
from shared.contract import MadeFrom, Table, Type
from shared.lake import PROCESSED, PROCESSED_NAME

MADE_BY = "Made by `python -m deploy.generate` from {source}; do not edit."

# Jinja variables, which are replaced when the SQL is deployed. `prefix` is empty or ends in a slash.
DATABASE = "{{ database }}"
LAKE_DATABASE = "{{ lake_database }}"
LAKE_URL = "s3://{{ bucket }}/{{ prefix }}"
STAGE = f"{DATABASE}.LANDING.PROCESSED"
FILE_FORMAT = f"{DATABASE}.LANDING.SPARK_PARQUET"

PARTITION = {"name": "ingest_date", "type": "date", "comment": "UTC day of the commit"}

# Snowflake's own columns of a landing table, filled by the pipe's INCLUDE_METADATA; METADATA$START_SCAN_TIME is an LTZ.
LOAD_COLUMNS = (
    ("FILE_NAME", "varchar", "METADATA$FILENAME", "key of the Parquet file in the bucket"),
    ("FILE_ROW_NUMBER", "number(19,0)", "METADATA$FILE_ROW_NUMBER", "1-based row in the file"),
    ("LOADED_AT", "timestamp_ltz", "METADATA$START_SCAN_TIME", "when Snowflake began to read the file"),
)

# Increase this number after a change of a pipe's text: a pipe's COPY cannot be altered, so a new pipe replaces it. A
# pipe remembers which files it has loaded. New pipes load files that arrive from then on; make snowflake-pipe loads
# files that arrived while no pipe existed.
PIPE_VERSION = 1

# Rows with the same play and package are copies: the package was imported twice.
_COPIES = ("play_id", "package_id")

ATHENA_TYPES = {type_: type_.value for type_ in Type}
# The types that Athena writes into the views that it stores.
ATHENA_VIEW_TYPES = {
    Type.STRING: "varchar",
    Type.INT: "integer",
    Type.BIGINT: "bigint",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp(3)",
}
SNOWFLAKE_TYPES = {
    Type.STRING: "varchar",
    Type.INT: "number(10,0)",
    Type.BIGINT: "number(19,0)",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp_ntz(6)",
}


def is_history(table: Table) -> bool:
    """Whether a table keeps every observation, so that its rows belong to the day on which they were published."""
    return not table.newest_per and table.made_from is not MadeFrom.PLAY


def current_select(table: Table, source: str, also: Sequence[str] = ()) -> str:
    """The select of a table's current rows, one per key, from all its rows in `source`.

    `also` names further columns of the source. Selects are nested, because Athena has no QUALIFY. The order is total
    unless two rows are equal. The columns it uses are never null, because engines sort nulls differently.
    """
    if table.made_from is MadeFrom.PLAY:
        copies = (
            f"select\n{_columns(table)},\n"
            f"    row_number() over (\n{_window(_COPIES, table.row_order, 8)}    ) as row_place\n"
            f"from {source}\n"
        )
        return _select_of_ruling_packages(table, source, copies, "plays.row_place = 1 and ")
    rows = source
    if table.newest_per:
        rows = (
            f"({_block(_ranked(table, source))}) as ranked\n"
            "where observation_rank = 1"
        )  # fmt: skip
    columns = _columns(table, also=also)
    numbered = (
        f"select\n{columns},\n"
        f"    row_number() over (\n{_window(table.key, table.row_order, 8)}    ) as row_place\n"
        f"from {rows}\n"
    )
    return f"select\n{columns}\nfrom ({_block(numbered)}) as numbered\nwhere row_place = 1\n"


def snowflake_select(table: Table, source: str) -> str:
    """The same rows with QUALIFY. Each select has one window: incremental refresh of a dynamic table allows no more."""
    select = f"select\n{_columns(table)}\nfrom "
    if table.made_from is MadeFrom.PLAY:
        copies = f"{select}{source}{_qualify('row_number', _COPIES, table.row_order)}"
        return _select_of_ruling_packages(table, source, copies)
    if _has_two_ranks(table):
        rank = _qualify("rank", table.newest_per, table.observation_order)
        source = f"({_block(f'{select}{source}{rank}')}) as newest"
    return f"{select}{source}{_qualify('row_number', table.key, table.row_order)}"


def _has_two_ranks(table: Table) -> bool:
    """Whether an observation has several rows. If it has one row per key, the newest row is the newest observation."""
    return bool(table.newest_per) and (table.newest_per, table.observation_order) != (table.key, table.row_order)


def _qualify(function: str, partition: Sequence[str], order: Sequence[str]) -> str:
    return f"\nqualify {function}() over (\n{_window(partition, order, 4)}) = 1\n"


def _select_of_ruling_packages(table: Table, source: str, copies: str, newest: str = "") -> str:
    """Plays whose time no higher-ranking package covers. `copies` selects the newest of equal rows.

    Within an account, extended history outranks account history; within a source, a newer package outranks an older
    one. A package covers the time from its first to its last play. A time without seconds means a whole minute, so a
    package covers the whole minute in which its first play ended.
    """
    packages = (
        "select\n"
        "    account, source, package_id, max(packaged_at) as packaged_at,\n"
        "    min(played_at) as first_played_at, max(played_at) as last_played_at\n"
        f"from {source}\n"
        "group by account, source, package_id\n"
    )
    return (
        f"select\n{_columns(table, 'plays.')}\nfrom ({_block(copies)}) as plays\n"
        f"left join ({_block(packages)}) as ruling\n"
        "    on ruling.account = plays.account\n"
        "    and ruling.package_id <> plays.package_id\n"
        "    and (\n"
        "        (ruling.source = 'extended' and plays.source = 'account')\n"
        "        or (\n"
        "            ruling.source = plays.source\n"
        "            and (\n"
        "                ruling.packaged_at > plays.packaged_at\n"
        "                or (ruling.packaged_at = plays.packaged_at and ruling.package_id > plays.package_id)\n"
        "            )\n"
        "        )\n"
        "    )\n"
        "    and plays.played_at <= ruling.last_played_at\n"
        "    and plays.played_at >= case plays.played_at_precision\n"
        "        when 'minute' then date_trunc('minute', ruling.first_played_at)\n"
        "        else ruling.first_played_at\n"
        "    end\n"
        f"where {newest}ruling.package_id is null\n"
    )


def _ranked(table: Table, source: str) -> str:
    return (
        f"select\n{_columns(table)},\n"
        f"    rank() over (\n{_window(table.newest_per, table.observation_order, 8)}    ) as observation_rank\n"
        f"from {source}\n"
    )


def _columns(table: Table, prefix: str = "", also: Sequence[str] = ()) -> str:
    names = ", ".join(f"{prefix}{name}" for name in [*(column.name for column in table.all_columns), *also])
    return textwrap.fill(names, width=110, initial_indent="    ", subsequent_indent="    ")


def _window(partition: Sequence[str], order: Sequence[str], indent: int) -> str:
    newest_first = ", ".join(f"{name} desc" for name in order)
    return textwrap.indent(f"partition by {', '.join(partition)}\norder by {newest_first}\n", " " * indent)


def _block(select: str) -> str:
    return "\n" + textwrap.indent(select, "    ")


def spark_ddl(table: Table) -> str:
    """The schema of the table's published Parquet files, as Spark reads it from a DDL string."""
    columns = ",\n".join(f"{column.name} {SPARK_TYPES[column.type]}" for column in table.all_columns)
    return f"{_sql_header(table)}{columns}\n"


def athena_table(table: Table) -> str:
    """DDL of the table over the lake. Athena computes the partitions from the date, so nothing adds them."""
    columns = ",\n".join(
        f"    {column.name} {ATHENA_TYPES[column.type]} comment {_hive_text(column.doc)}"
        for column in table.all_columns
    )
    properties = ",\n".join(f"    '{name}' = '{value}'" for name, value in _projection(table).items())
    return (
        f"{_sql_header(table, f'every published row; the current ones are {table.name} of the other database.')}"
        f"create external table if not exists {LAKE_DATABASE}.{table.name} (\n{columns}\n)\n"
        f"comment {_hive_text(table.doc)}\n"
        f"partitioned by ({PARTITION['name']} {PARTITION['type']} comment '{PARTITION['comment']}')\n"
        "stored as parquet\n"
        f"location '{_location(table)}'\n"
        f"tblproperties (\n{properties}\n)\n"
    )


def _location(table: Table) -> str:
    return f"{LAKE_URL}{PROCESSED}{table.name}/"


def _projection(table: Table) -> dict[str, str]:
    """Table properties by which Athena computes partitions from the date."""
    return {
        "projection.enabled": "true",
        "projection.ingest_date.type": "date",
        "projection.ingest_date.format": "yyyy-MM-dd",
        "projection.ingest_date.range": "2024-01-01,NOW",
        "projection.ingest_date.interval": "1",
        "projection.ingest_date.interval.unit": "DAYS",
        "storage.location.template": f"{_location(table)}ingest_date=${{ingest_date}}/",
    }


def glue_catalog(tables: Sequence[Table]) -> str:
    """The same tables and current views as JSON, for Terraform, which creates them in Glue's catalog without SQL."""
    catalog = {
        "made_by": MADE_BY.format(source="shared/tables/"),
        "tables": [
            {
                "name": table.name,
                "description": table.doc,
                "location": _location(table),
                "parameters": {"EXTERNAL": "TRUE", "classification": "parquet"} | _projection(table),
                "partition_keys": [PARTITION],
                "columns": [
                    {"name": column.name, "type": ATHENA_TYPES[column.type], "comment": column.doc}
                    for column in table.all_columns
                ],
                "view": {
                    "sql": _athena_select(table),
                    "columns": [
                        *(
                            {"name": column.name, "type": ATHENA_VIEW_TYPES[column.type]}
                            for column in table.all_columns
                        ),
                        *({"name": name, "type": PARTITION["type"]} for name in _shown_partition(table)),
                    ],
                },
            }
            for table in tables
        ],
        "views": [
            {
                "name": name,
                "description": "One row per playlist, item and stay of the item in it, known as between two checks.",
                "columns": [
                    {"name": column.name, "type": ATHENA_TYPES[column.type], "comment": column.doc}
                    for column in columns
                ]
                + [STAY_DAYS],
                "view": {
                    "sql": view_select(name),
                    "columns": [{"name": column.name, "type": ATHENA_VIEW_TYPES[column.type]} for column in columns]
                    + [{"name": STAY_DAYS["name"], "type": STAY_DAYS["type"]}],
                },
            }
            for name, columns in VIEW_COLUMNS.items()
        ],
        "queries": saved_queries(),
    }
    return json.dumps(catalog, indent=1, ensure_ascii=False) + "\n"


def athena_current(table: Table) -> str:
    """The current view over the lake's table; Athena's views take no comments."""
    return (
        f"{_sql_header(table, _which_rows(table))}"
        f"create or replace view {DATABASE}.{table.name} as\n"
        f"{_athena_select(table)}"
    )


def _athena_select(table: Table) -> str:
    return current_select(table, f"{LAKE_DATABASE}.{table.name}", _shown_partition(table))


def _shown_partition(table: Table) -> list[str]:
    """Views of history also show the day on which a row was published; other views do not need it."""
    return [PARTITION["name"]] if is_history(table) else []


def snowflake_landing(table: Table) -> str:
    """DDL of the append-only table that the pipe fills. It is transient, because Fail-safe would keep removed rows.

    NOT NULL is a guard: without it, a file without our columns would load silently as rows of nulls. ADD COLUMN adds
    later columns of the contract to an existing table. CREATE OR ALTER TABLE would do this in one statement, but it
    drops columns that the contract no longer has, with their values, and fakesnow replaces the table. A column that is
    never null cannot be added, because existing rows have no value for it.
    """
    name = f"{DATABASE}.LANDING.{table.name.upper()}"
    columns = [
        f"    {column.name.upper()} {SNOWFLAKE_TYPES[column.type]}{'' if column.nullable else ' not null'}"
        f" comment {_text(column.doc)}"
        for column in table.all_columns
    ]
    columns += [f"    {column} {type_} comment {_text(doc)}" for column, type_, _, doc in LOAD_COLUMNS]
    additions = [
        f"alter table {name} add column if not exists {column.name.upper()} {SNOWFLAKE_TYPES[column.type]};\n"
        for column in table.columns
        if column.nullable
    ]
    comments = ",\n".join(
        f"    column {column.name.upper()} comment {_text(column.doc)}" for column in table.all_columns
    )
    return (
        f"{_sql_header(table, f'every row as loaded; the current ones are CORE.{table.name.upper()}.')}"
        f"create transient table if not exists {name} (\n" + ",\n".join(columns) + "\n)\n"
        f"comment = {_text(table.doc)};\n"
        "\n-- For a table that exists: columns and comments that its contract gained later.\n"
        + "".join(additions)
        + f"alter table {name} alter\n{comments};\ncomment on table {name} is {_text(table.doc)};\n"
    )


def snowflake_pipe(table: Table) -> str:
    """The pipe that copies each published file of the table into its landing table. It loads each file name once.

    The pattern excludes everything but published files. Snowpipe matches it against the path after the stage's URL
    (`songs/ingest_date=…`); sources disagree on whether the path in FROM is part of that, so the pattern allows both.
    """
    name = table.name.upper()
    pipe = f"{DATABASE}.LANDING.{name}_PIPE_V"
    # The new pipe is created before the old one is dropped. If both load a file, the current view still has each row
    # once. If neither loaded it, its rows would be missing.
    drops = "".join(f"drop pipe if exists {pipe}{version};\n" for version in range(1, PIPE_VERSION))
    metadata = ",\n".join(f"    {column} = {source}" for column, _, source, _ in LOAD_COLUMNS)
    return (
        f"{_sql_header(table, f'loads each published file into LANDING.{name}, whole or not at all, and once.')}"
        "-- Never `or replace`: the new pipe would not know which files were loaded.\n"
        f"create pipe if not exists {pipe}{PIPE_VERSION}\n"
        "auto_ingest = true\n"
        "error_integration = {{ error_integration }}\n"
        "aws_sns_topic = '{{ sns_topic_arn }}'\n"
        "as\n"
        f"copy into {DATABASE}.LANDING.{name}\n"
        f"from @{STAGE}/{table.name}/\n"
        f"pattern = '({table.name}/)?{PROCESSED_NAME}'\n"
        f"file_format = (format_name = '{FILE_FORMAT}')\n"
        "match_by_column_name = case_insensitive\n"
        f"include_metadata = (\n{metadata}\n)\n"
        f"on_error = skip_file;\n{drops}"
    )


def snowflake_current(table: Table) -> str:
    """The current view over the landing table, or over a dynamic table with the same rows if the variable says so.

    It is a view in both cases, so that the variable may change at any time.
    """
    name = f"{DATABASE}.CORE.{table.name.upper()}"
    columns = ",\n".join(f"    {column.name.upper()} comment {_text(column.doc)}" for column in table.all_columns)
    select = snowflake_select(table, f"{DATABASE}.LANDING.{table.name.upper()}")
    return (
        f"{_sql_header(table, _which_rows(table))}"
        "-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the\n"
        "-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each\n"
        "-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.\n"
        f"{{% set current_rows -%}}\n{select}{{%- endset %}}\n"
        '{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}\n'
        "{% if is_dynamic %}\n"
        f"create or replace transient dynamic table {name}_DYNAMIC\n"
        "target_lag = '{{ target_lag }}'\n"
        "warehouse = {{ transform_warehouse }}\n"
        f"refresh_mode = {'full' if table.made_from is MadeFrom.PLAY else 'incremental'}\n"
        "as\n{{ current_rows }};\n"
        "{% endif %}\n"
        f"create or replace view {name} (\n{columns}\n)\n"
        f"comment = {_text(table.doc)}\n"
        "as\n"
        "{% if is_dynamic %}\n"
        f"select\n{_columns(table)}\nfrom {name}_DYNAMIC;\n"
        "{% else %}\n"
        "{{ current_rows }};\n"
        f"drop dynamic table if exists {name}_DYNAMIC;\n"
        "{% endif %}\n"
    )


def _sql_header(table: Table, rows: str = "") -> str:
    first = f"-- {table.name}: {rows or table.grain + '.'}\n"
    return first + f"-- {MADE_BY.format(source=f'shared/tables/{table.name}.py')}\n"


def _which_rows(table: Table) -> str:
    if table.made_from is MadeFrom.PLAY:
        return "one row per play, of the package that rules its time: the newest, extended history first."
    if not table.newest_per:
        return f"{table.grain}; every observation, of copies the newest."
    return f"{table.grain}, of the newest observation per {', '.join(table.newest_per)}."


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _hive_text(text: str) -> str:
    # Athena's DDL is Hive's: two quotes in a row would end a literal and begin the next.
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
