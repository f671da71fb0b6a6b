"""sqlfluff parses every statement for Snowflake; fakesnow accepts many of them without parsing."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor

from deploy.snowflake.admin import USERS
from deploy.snowflake.deploy import variables_of
from deploy.snowflake.embedded import SCRIPTS, rendered_scripts, variables_for
from deploy.snowflake.environment import Environment, Stack
from deploy.snowflake.landing import refresh_dynamic_tables
from deploy.snowflake.pipe import Missing, loads, pipe_of
from deploy.snowflake.transient import moves
from shared.tables import TABLES
from shared.tables.songs import SONGS
from tests.clients.account import ROOT
from tests.deploy.snowflake.commands.outputs import OUTPUTS
from tests.waiting import finished

SQLFLUFF = ROOT / ".venv/tools/sqlfluff/bin/sqlfluff"
AS_DYNAMIC_TABLES = {
    "current_as": "dynamic table",
    "target_lag": "1 hour",
    "transform_warehouse": "SPOTIFY_TRANSFORM_WH",
}
# What Snowflake documents and sqlfluff 4.5.0 does not know: an option of storage integrations, and two statements.
UNKNOWN = (
    r"\n *storage_aws_external_id = '[^']*'",
    r"(?m)^alter notification integration [^;]*;",
    r"(?m)^alter authentication policy [^;]*;",
)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every script of the migrations, as views and as dynamic tables, and the admin file with every option."""
    if not SQLFLUFF.is_file():
        pytest.fail("there is no environment for sqlfluff: make test-clients makes it", pytrace=False)
    folder = tmp_path_factory.mktemp("rendered")
    variables = variables_for("s3://the-lake/processed/")
    plain = dict(rendered_scripts(SCRIPTS, variables))
    for name, text in plain.items():
        (folder / name).write_text(text + ";\n", encoding="utf-8")
    for name, text in rendered_scripts(SCRIPTS, variables | AS_DYNAMIC_TABLES):
        if text != plain[name]:
            (folder / f"held_{name}").write_text(text + ";\n", encoding="utf-8")
    text = JinjaTemplateProcessor(project_root=SCRIPTS).render("snowflake/admin.sql", variables | admin_variables())
    assert [len(re.findall(unknown, text)) for unknown in UNKNOWN] == [2, 1, 1]
    for unknown in UNKNOWN:
        text = re.sub(unknown, "", text)
    (folder / "admin.sql").write_text(text.strip() + "\n", encoding="utf-8")
    sent = ";\n".join(statement.strip().rstrip(";") for statement in sent_by_commands())
    (folder / "commands.sql").write_text(f"{sent};\n", encoding="utf-8")
    return folder


class Recorder:
    """An account whose landing tables are permanent and whose current tables are held; it notes the statements."""

    def __init__(self) -> None:
        self.environment = Environment.named("prod")
        self.asked: list[str] = []

    def rows(self, sql: str) -> list[dict[str, object]]:
        """Each table as a permanent one, and no pipe."""
        self.asked.append(sql)
        return [{"name": table.name.upper(), "kind": "TABLE"} for table in TABLES if "show tables" in sql]

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The dynamic tables, or the column that every table has."""
        for value in values:
            sql = sql.replace("%s", str(value) if isinstance(value, int) else f"'{value}'", 1)
        self.asked.append(sql)
        return [("SONGS_DYNAMIC",)] if "right(" in sql else [("BATCH_ID",)]


def sent_by_commands() -> list[str]:
    """What make snowflake-pipe, the move to transient tables and forget send, beside scripts."""
    account = Recorder()
    variables = variables_of(account.environment, Stack.of(OUTPUTS))
    now = datetime(2026, 11, 20, tzinfo=UTC)
    files = [
        Missing(f"processed/songs/ingest_date=2026-11-0{day}/1.parquet", now - timedelta(days=day)) for day in (1, 9)
    ]
    sent = list(loads(pipe_of(SONGS, variables), SONGS, files, now))
    for move in moves(account, variables):  # type: ignore[arg-type]  # it asks for nothing else
        sent += [*move.copy, *move.switch]
    refresh_dynamic_tables(account)
    return [*sent, *account.asked]


def admin_variables() -> dict[str, str]:
    """Every variable of the admin file, so that every statement in it is rendered."""
    text = (SCRIPTS / "snowflake/admin.sql").read_text(encoding="utf-8")
    own = set(re.findall(r"\b(\w+) \| default", text)) | {
        f"{user}_{kind}" for user in USERS for kind in ("public_key", "identity_arn")
    }
    values = dict.fromkeys(own | {"lake_role_arn", "external_id", "error_topic_arn"}, "SOME_VALUE")
    return values | {
        "credit_quota": "10",
        "warehouse_generation": "1",
        "database": "SPOTIFY",
        "allowed_addresses": "203.0.113.0/24",
    }


def parse(folder: Path) -> tuple[int, str]:
    """Exit status of sqlfluff, and its unparsable sections."""
    command = [str(SQLFLUFF), "lint", "--dialect", "snowflake", "--rules", "LT12", "--templater", "raw"]
    done = finished([*command, "--processes", "2", str(folder)])
    return done.returncode, "\n".join(line for line in done.stdout.splitlines() if "PRS" in line or "FAIL" in line)


def test_every_rendered_statement_is_snowflakes(rendered: Path) -> None:
    assert len(list(rendered.iterdir())) > 70
    status, unparsable = parse(rendered)

    assert "PRS" not in unparsable, unparsable
    assert status == 0, unparsable


def test_a_statement_that_is_not_snowflakes_is_named(tmp_path: Path) -> None:
    (tmp_path / "wrong.sql").write_text("alter pipe P refresh prefix 'day/';\n", encoding="utf-8")

    status, unparsable = parse(tmp_path)

    assert (status, "PRS" in unparsable) == (1, True)
