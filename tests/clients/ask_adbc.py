"""Rows by the ADBC driver, which Power BI's connector uses, as JSON: PORT KEY STATEMENT."""

import json
import sys

from adbc_driver_snowflake import dbapi  # type: ignore[import-not-found, unused-ignore]

port, key, statement = sys.argv[1:]
options = {
    "username": "SPOTIFY_BI_SVC",
    "adbc.snowflake.sql.account": "myorg-myaccount",
    "adbc.snowflake.sql.db": "SPOTIFY",
    "adbc.snowflake.sql.uri.protocol": "http",
    "adbc.snowflake.sql.uri.host": "127.0.0.1",
    "adbc.snowflake.sql.uri.port": port,
    "adbc.snowflake.sql.auth_type": "auth_jwt",
    "adbc.snowflake.sql.client_option.jwt_private_key": key,
}
with dbapi.connect(db_kwargs=options) as connection, connection.cursor() as cursor:
    cursor.execute(statement)
    sys.stdout.write(json.dumps([list(row) for row in cursor.fetchall()], default=str))
