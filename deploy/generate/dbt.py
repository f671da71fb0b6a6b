"""deploy/bi/dbt/: a dbt project with the views of the BI model as sources, tests of keys and relationships, exposures.

For dbt 1.10.5 and later. It has no profile: account and credentials are in the user's own profile.
"""

import json

from deploy.bi.model import RELATIONSHIPS, TABLES, ModelTable
from deploy.generate.bi_columns import columns, view_doc

_SOURCE = "spotify_bi"
_MADE = "# Made by `python -m deploy.generate` from deploy/bi/model.py and deploy/snowflake/bi/; do not edit.\n"
_WARN_AFTER_HOURS = 26  # a daily schedule, plus two hours for the run
_ERROR_AFTER_HOURS = 50


def dbt_files() -> dict[str, str]:
    """The text of every file by its path under deploy/bi/dbt/."""
    files = {
        "dbt_project.yml": f"{_MADE}{_PROJECT}",
        "models/sources.yml": _sources(),
        "models/exposures.yml": _exposures(),
    }
    keys = [table for table in TABLES if len(table.key) > 1]
    return files | {f"tests/{_file_name(table)}_key_is_unique.sql": _key_test(table) for table in keys}


_PROJECT = """\
name: spotify_playlists
version: "1.0.0"
profile: spotify_playlists
require-dbt-version: ">=1.10.5"
model-paths: ["models"]
test-paths: ["tests"]
vars:
  database: SPOTIFY
"""


def _sources() -> str:
    text = f"""\
{_MADE}version: 2

sources:
  - name: {_SOURCE}
    description: "The BI views of the suite. Every time is UTC."
    database: "{{{{ var('database') }}}}"
    schema: BI
    tables:
"""
    return text + "".join(_table(table) for table in TABLES)


def _table(table: ModelTable) -> str:
    text = f"      - name: {table.view}\n        description: {json.dumps(view_doc(table), ensure_ascii=False)}\n"
    if table.name == "Freshness":
        text += f"""\
        config:
          loaded_at_field: LAST_CHECKED_AT
          freshness:
            warn_after: {{count: {_WARN_AFTER_HOURS}, period: hour}}
            error_after: {{count: {_ERROR_AFTER_HOURS}, period: hour}}
"""
    text += "        columns:\n"
    for column in columns(table):
        text += f"          - name: {column.name}\n"
        text += f"            description: {json.dumps(column.doc, ensure_ascii=False)}\n"
        tests = _tests(table, column.name)
        text += "            data_tests:\n" + "".join(tests) if tests else ""
    return text


def _tests(table: ModelTable, column: str) -> list[str]:
    tests = ["              - not_null\n"] if column in table.key else []
    if table.key == (column,):
        tests.append("              - unique\n")
    targets = {other.name: other.view for other in TABLES}
    return tests + [
        "              - relationships:\n"
        "                  arguments:\n"
        f"                    to: source('{_SOURCE}', '{targets[related.to_table]}')\n"
        f"                    field: {related.to_column}\n"
        for related in RELATIONSHIPS
        if (related.from_table, related.from_column) == (table.name, column) and not related.is_partial
    ]


def _key_test(table: ModelTable) -> str:
    names = ", ".join(table.key)
    return (
        f"-- {table.view}: one row per {names}.\n-{_MADE.replace('#', '-', 1)}"
        f"select {names}\nfrom {{{{ source('{_SOURCE}', '{table.view}') }}}}\ngroup by {names}\nhaving count(*) > 1\n"
    )


def _exposures() -> str:
    tools = {
        "power_bi": ("Power BI page of the suite", "deploy/bi/powerbi/Spotify.pbip", TABLES),
        "tableau": ("Tableau dashboard of the suite", "deploy/bi/tableau/Spotify.twb", _tableau_tables()),
    }
    text = f"{_MADE}version: 2\n\nexposures:\n"
    for name, (label, file, tables) in tools.items():
        depends_on = "".join(f"      - source('{_SOURCE}', '{table.view}')\n" for table in tables)
        text += (
            f"  - name: {name}\n    label: {label}\n    type: dashboard\n    maturity: medium\n"
            f"    description: The page Overview, see {file}.\n    owner:\n      name: owner of the account\n"
            f"    depends_on:\n{depends_on}"
        )
    return text


def _tableau_tables() -> list[ModelTable]:
    return [table for table in TABLES if table.name != "Date"]


def _file_name(table: ModelTable) -> str:
    return table.view.lower()
