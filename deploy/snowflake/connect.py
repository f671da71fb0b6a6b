"""One connection to a Snowflake account, and a plain sentence for every error it can return.

User and credentials come from the environment or from the connector's own connections.toml, never from an argument:

- SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and SNOWFLAKE_PRIVATE_KEY_FILE (its passphrase in SNOWFLAKE_PRIVATE_KEY_FILE_PWD),
  or SNOWFLAKE_AUTHENTICATOR=WORKLOAD_IDENTITY with SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER=AWS;
- else the connection of connections.toml that SNOWFLAKE_DEFAULT_CONNECTION_NAME names, or `default`.

Role, warehouse and database are the environment's own; SNOWFLAKE_ROLE and SNOWFLAKE_WAREHOUSE say otherwise. No
password is read. SNOWFLAKE_HOST, SNOWFLAKE_PORT and SNOWFLAKE_PROTOCOL name another server.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import snowflake.connector
from snowflake.connector.errors import Error

from deploy.commands import CommandError
from deploy.snowflake.environment import Environment
from deploy.snowflake.errors import sentence_for

APPLICATION = "spotify_playlist_suite"
LOGIN_SECONDS = 30
# Of one request and its repetitions; the connector would repeat for ever. Statements may take longer.
NETWORK_SECONDS = 300

_FROM_ENVIRONMENT = (
    "account",
    "user",
    "host",
    "port",
    "protocol",
    "private_key_file",
    "private_key_file_pwd",
    "authenticator",
    "workload_identity_provider",
)
_SECRETS = ("private_key_file_pwd", "password", "token", "passcode")


class AccountError(CommandError):
    """The account refused, or could not be asked; the message says what to do."""


def connection_settings(
    environment: Environment, environ: Mapping[str, str], role: str | None = None
) -> dict[str, Any]:
    """Arguments of the connector. Raises AccountError if no user is configured."""
    given: dict[str, Any] = {
        name: environ[f"SNOWFLAKE_{name.upper()}"]
        for name in _FROM_ENVIRONMENT
        if environ.get(f"SNOWFLAKE_{name.upper()}")
    }
    if "account" in given:
        if "user" not in given and "workload_identity_provider" not in given:
            raise AccountError(f"SNOWFLAKE_USER is not set: who connects, such as {environment.deployer}_SVC")
        if not {"private_key_file", "authenticator"} & given.keys():
            message = "SNOWFLAKE_PRIVATE_KEY_FILE is not set: the key that the user's public key belongs to"
            if "SNOWFLAKE_PASSWORD" in environ:
                message += " (SNOWFLAKE_PASSWORD is not read: service users have none)"
            raise AccountError(message)
    else:
        given["connection_name"] = environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME") or "default"
    return given | {
        "role": role or environ.get("SNOWFLAKE_ROLE") or environment.deployer,
        "warehouse": environ.get("SNOWFLAKE_WAREHOUSE") or environment.transform_warehouse,
        "database": environment.database,
        "application": APPLICATION,
        "login_timeout": LOGIN_SECONDS,
        "network_timeout": NETWORK_SECONDS,
    }


class Account:
    """A connection that answers with rows; every failure is an AccountError that says what to do.

    To be closed, or used in a `with`. One statement at a time.
    """

    def __init__(self, environment: Environment, settings: Mapping[str, Any]) -> None:
        self.environment = environment
        self._settings = dict(settings)
        with errors_explained(environment, self._settings):
            self._connection = snowflake.connector.connect(**self._settings)
        self._settings |= {"account": self._connection.account, "user": self._connection.user}

    @classmethod
    def of(cls, environment: Environment, role: str | None = None) -> Self:
        """The account that the environment variables name, in the deployer role unless one is given."""
        return cls(environment, connection_settings(environment, os.environ, role))

    def __enter__(self) -> Self:
        """The account itself, open since it was made."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, also after an error."""
        self._connection.close()

    @property
    def name(self) -> str:
        """The account, as the connection has it."""
        return str(self._connection.account)

    @property
    def user(self) -> str:
        """Who is connected."""
        return str(self._connection.user)

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that one statement answers with; `%s` are placeholders for the values."""
        return self._answer(sql, values)[1]

    def rows(self, sql: str, *values: object) -> list[dict[str, object]]:
        """The rows by column name, in lower case: SHOW and DESC have many columns, in no order to rely on."""
        names, rows = self._answer(sql, values)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _answer(self, sql: str, values: Sequence[object]) -> tuple[list[str], list[tuple[object, ...]]]:
        with (
            errors_explained(self.environment, self._settings),
            contextlib.closing(self._connection.cursor()) as cursor,
        ):
            cursor.execute(sql, values or None)
            names = [str(column[0]).lower() for column in cursor.description or ()]
            return names, [tuple(row) for row in cursor.fetchall()]


@contextlib.contextmanager
def errors_explained(environment: Environment, settings: Mapping[str, Any]) -> Iterator[None]:
    """What the connector raises becomes an AccountError with a sentence, and without any secret of the settings."""
    try:
        yield
    except Error as error:
        raise AccountError(explained(error, environment, settings)) from None
    except FileNotFoundError as error:
        raise AccountError(f"the key file {error.filename} is not there: SNOWFLAKE_PRIVATE_KEY_FILE names it") from None
    except (TypeError, ValueError) as error:
        if isinstance(error.__cause__, Error):  # schemachange wraps its own USE ROLE, WAREHOUSE and DATABASE so
            raise AccountError(explained(error.__cause__, environment, settings)) from None
        if "private_key_file" not in settings or not _is_about_key(error):
            raise
        raise AccountError(
            f"the key {settings['private_key_file']} cannot be read: it must be a private key in PEM, and its "
            "passphrase is expected in SNOWFLAKE_PRIVATE_KEY_FILE_PWD"
        ) from None


def _is_about_key(error: Exception) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("key", "password", "decrypt", "pem"))


def explained(error: Error, environment: Environment, settings: Mapping[str, Any]) -> str:
    """The sentence for the connector's error, then Snowflake's own message, without secrets."""
    said = " ".join(_without_secrets(str(error.msg or error), settings).split())
    account = str(settings.get("account") or settings.get("connection_name") or "")
    told = {
        "account": account,
        "host": str(settings.get("host") or f"{account}.snowflakecomputing.com"),
        "user": str(settings.get("user") or "the user"),
        "role": str(settings.get("role") or ""),
        "warehouse": str(settings.get("warehouse") or ""),
        "database": environment.database,
        "key": str(settings.get("private_key_file") or "in use"),
        "environment": environment.name,
    }
    if "Invalid connection_name" in said:
        return (
            "no account is named: set SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and SNOWFLAKE_PRIVATE_KEY_FILE, or have "
            f"a connection {settings.get('connection_name')!r} in the connector's connections.toml"
        )
    sentence = sentence_for(said, error.errno, told)
    return f"{sentence}. Snowflake: {said}" if sentence else f"Snowflake refused: {said}"


def _without_secrets(text: str, settings: Mapping[str, Any]) -> str:
    for name in _SECRETS:
        secret = settings.get(name)
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "***")
    return text
