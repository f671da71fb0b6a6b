"""Rows by snowflake-sqlalchemy as JSON: PORT KEY STATEMENT; without a statement the columns of BI.TOTALS."""

import json
import sys

from snowflake.sqlalchemy import URL  # type: ignore[import-untyped, import-not-found, unused-ignore]
from sqlalchemy import create_engine, inspect, text  # type: ignore[import-not-found, unused-ignore]

port, key, *statement = sys.argv[1:]
url = URL(
    account="myorg-myaccount",
    user="SPOTIFY_BI_SVC",
    database="SPOTIFY",
    schema="BI",
)
server = {"host": "127.0.0.1", "port": int(port), "protocol": "http"}
engine = create_engine(url, connect_args={"private_key_file": key, **server})
if statement:
    with engine.connect() as connection:
        rows = [list(row) for row in connection.execute(text(statement[0]))]
else:
    rows = [[column["name"]] for column in inspect(engine).get_columns("totals", schema="bi")]
sys.stdout.write(json.dumps(rows, default=str))
