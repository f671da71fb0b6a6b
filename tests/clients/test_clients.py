"""Programs of other authors deploy and read the suite's own SQL: `make test-clients`.

All connect by HTTP to fakesnow's server. It has no roles, so these tests cannot show privileges; and they compare no
timestamps, because over HTTP it returns a null timestamp as 1970.
"""

import json
from pathlib import Path

import pytest

from deploy.snowflake.connect import Account
from tests.clients.account import ARTISTS, ARTISTS_SQL, DAYS, DAYS_SQL, ROOT, SONGS, SONGS_SQL, Client
from tests.clients.conftest import VARIABLES
from tests.deploy.snowflake.commands.outputs import OUTPUTS
from tests.deploy.snowflake.commands.snowflake_server import Snowflake

QUESTIONS = pytest.mark.parametrize(
    ("statement", "rows"),
    [(ARTISTS_SQL, ARTISTS), (SONGS_SQL, SONGS), (DAYS_SQL, DAYS)],
    ids=["artist_summary", "songs", "playlist_daily"],
)
SNOW = ROOT / ".venv/tools/snow/bin/snow"


def plain(rows: list[list[object]]) -> list[list[object]]:
    """The rows with every number as a float, because clients differ in their types."""
    return [[row[0], *(_number(value) for value in row[1:])] for row in rows]


def _number(value: object) -> object:
    try:
        return float(str(value))
    except ValueError:
        return value


def test_schemachange_deploys_and_then_has_nothing_to_do(
    client: Client, deployed: str, schemachange: list[str | Path]
) -> None:
    assert "scripts_skipped=0" in deployed

    again = client.run(*schemachange)

    assert "scripts_applied=0" in again.stdout + again.stderr


@QUESTIONS
def test_the_connector_reads(account: Account, statement: str, rows: list[list[object]]) -> None:
    assert plain([list(row) for row in account.query(statement)]) == plain(rows)


@QUESTIONS
@pytest.mark.usefixtures("account")
def test_sqlalchemy_reads(client: Client, statement: str, rows: list[list[object]]) -> None:
    assert plain(client.ask("ask_sqlalchemy.py", statement)) == plain(rows)


@pytest.mark.usefixtures("account")
def test_sqlalchemy_lists_the_columns(client: Client) -> None:
    assert client.ask("ask_sqlalchemy.py") == [
        ["song_count"],
        ["album_count"],
        ["artist_count"],
        ["episode_count"],
        ["playlist_count"],
        ["held_song_count"],
        ["duration_minutes"],
    ]


@QUESTIONS
@pytest.mark.usefixtures("account")
def test_the_adbc_driver_reads(client: Client, statement: str, rows: list[list[object]]) -> None:
    assert plain(client.ask("ask_adbc.py", statement)) == plain(rows)


def snow(client: Client, *arguments: str | Path) -> str:
    """The output of `snow sql` as JSON text."""
    who = ["--temporary-connection", "--account", "myorg-myaccount", "--user", "SPOTIFY_BI_SVC"]
    how = ["--database", "SPOTIFY", "--authenticator", "SNOWFLAKE_JWT", "--private-key-file", str(client.key)]
    where = ["--host", "127.0.0.1", "--port", str(client.port), "--protocol", "http"]
    done = client.run(SNOW, "sql", *arguments, *who, *how, *where, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("account")
def test_snow_sql_reads(client: Client) -> None:
    rows = json.loads(snow(client, "-q", SONGS_SQL))

    assert plain([list(row.values()) for row in rows]) == plain(SONGS)


@pytest.mark.usefixtures("account")
def test_snow_sql_applies_the_suites_own_files(client: Client, server: Snowflake) -> None:
    values = VARIABLES | {
        "lake_role_arn": OUTPUTS["snowflake_role_arn"],
        "external_id": OUTPUTS["snowflake_external_id"],
        "error_topic_arn": OUTPUTS["alert_topic_arn"],
    }
    options = [part for name, value in values.items() for part in ("-D", f"{name}={value}")]
    view = ROOT / "deploy/snowflake/bi/R__4_bi_50_totals.sql"

    server.asked.clear()
    snow(client, "-f", ROOT / "deploy/snowflake/admin.sql", "--enable-templating", "JINJA", *options)
    snow(client, "-f", view, "--enable-templating", "JINJA", *options)

    statements = [" ".join(sql.split()) for sql in server.asked]
    assert "use role SYSADMIN;" in statements
    assert any(sql.startswith("create or replace view SPOTIFY.BI.TOTALS (") for sql in statements)
    assert any("storage_aws_external_id = 'spotify-dev-0001'" in sql for sql in statements)
    assert json.loads(snow(client, "-q", "select SONG_COUNT, ARTIST_COUNT from BI.TOTALS")) == [
        {"SONG_COUNT": 3, "ARTIST_COUNT": 2}
    ]
