"""A connection to a Snowflake account, which explains every error in a plain sentence.

User and credentials come from the environment or from the connector's own connections.toml, never from arguments:

- SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and SNOWFLAKE_PRIVATE_KEY_FILE (its passphrase in SNOWFLAKE_PRIVATE_KEY_FILE_PWD),
  or SNOWFLAKE_AUTHENTICATOR=WORKLOAD_IDENTITY with SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER=AWS;
- otherwise the connection of connections.toml that SNOWFLAKE_DEFAULT_CONNECTION_NAME names, or `default`.

Role and warehouse are the environment's own unless SNOWFLAKE_ROLE or SNOWFLAKE_WAREHOUSE is set. Passwords are not
supported. SNOWFLAKE_HOST, SNOWFLAKE_PORT and SNOWFLAKE_PROTOCOL select another server.
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
# Limit of a request with its retries, because the connector would retry for ever. Statements may take longer.
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
    """The account refused a request or could not be reached. The message says what to do."""


def connection_settings(
    environment: Environment, environ: Mapping[str, str], role: str | None = None
) -> dict[str, Any]:
    """Arguments of the connector. Raises AccountError if no user is configured."""
    settings: dict[str, Any] = {
        name: environ[f"SNOWFLAKE_{name.upper()}"]
        for name in _FROM_ENVIRONMENT
        if environ.get(f"SNOWFLAKE_{name.upper()}")
    }
    if "account" in settings:
        if "user" not in settings and "workload_identity_provider" not in settings:
            raise AccountError(f"SNOWFLAKE_USER is not set: who connects, such as {environment.deployer}_SVC")
        if not {"private_key_file", "authenticator"} & settings.keys():
            message = "SNOWFLAKE_PRIVATE_KEY_FILE is not set: the key that the user's public key belongs to"
            if "SNOWFLAKE_PASSWORD" in environ:
                message += " (SNOWFLAKE_PASSWORD is not read: service users have none)"
            raise AccountError(message)
    else:
        settings["connection_name"] = environ.get("SNOWFLAKE_DEFAULT_CONNECTION_NAME") or "default"
    return settings | {
        "role": role or environ.get("SNOWFLAKE_ROLE") or environment.deployer,
        "warehouse": environ.get("SNOWFLAKE_WAREHOUSE") or environment.transform_warehouse,
        "database": environment.database,
        "application": APPLICATION,
        "login_timeout": LOGIN_SECONDS,
        "network_timeout": NETWORK_SECONDS,
    }


class Account:
    """A connection that returns rows. Every failure is an AccountError, which says what to do.

    Use it in a `with` statement, which closes it. Run one statement at a time.
    """

    def __init__(self, environment: Environment, settings: Mapping[str, Any]) -> None:
        self.environment = environment
        self._settings = dict(settings)
        with errors_explained(environment, self._settings):
            self._connection = snowflake.connector.connect(**self._settings)
        self._settings |= {"account": self._connection.account, "user": self._connection.user}

    @classmethod
    def of(cls, environment: Environment, role: str | None = None) -> Self:
        """Connect to the account that the environment variables name, with this role or else the configured one."""
        return cls(environment, connection_settings(environment, os.environ, role))

    def __enter__(self) -> Self:
        """The account itself, whose connection is already open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, also after an error."""
        self._connection.close()

    @property
    def name(self) -> str:
        """The account identifier of the connection."""
        return str(self._connection.account)

    @property
    def user(self) -> str:
        """The connected user."""
        return str(self._connection.user)

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that a statement returns; `%s` are placeholders for the values."""
        return self._answer(sql, values)[1]

    def rows(self, sql: str, *values: object) -> list[dict[str, object]]:
        """The rows as dictionaries by lower-case column name, because SHOW and DESC do not fix the order of columns."""
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
    """Turn errors of the connector into AccountErrors that say what to do and contain no secret of the settings."""
    try:
        yield
    except Error as error:
        raise AccountError(explained(error, environment, settings)) from None
    except FileNotFoundError as error:
        raise AccountError(
            f"the key file {error.filename} does not exist: SNOWFLAKE_PRIVATE_KEY_FILE names it"
        ) from None
    except (TypeError, ValueError) as error:
        if isinstance(
            error.__cause__, Error
        ):  # schemachange wraps errors of USE ROLE, WAREHOUSE and DATABASE like this
            raise AccountError(explained(error.__cause__, environment, settings)) from None
        if "private_key_file" not in settings or not _is_about_key(error):
            raise
        raise AccountError(
            f"the key {settings['private_key_file']} cannot be read: it must be a private key in PEM, and "
            "SNOWFLAKE_PRIVATE_KEY_FILE_PWD must be its passphrase"
        ) from None


def _is_about_key(error: Exception) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("key", "password", "decrypt", "pem"))


def explained(error: Error, environment: Environment, settings: Mapping[str, Any]) -> str:
    """A sentence that says what to do, then Snowflake's own message, without secrets."""
    message = " ".join(_without_secrets(str(error.msg or error), settings).split())
    account = str(settings.get("account") or settings.get("connection_name") or "")
    names = {
        "account": account,
        "host": str(settings.get("host") or f"{account}.snowflakecomputing.com"),
        "user": str(settings.get("user") or "the user"),
        "role": str(settings.get("role") or ""),
        "warehouse": str(settings.get("warehouse") or ""),
        "database": environment.database,
        "key": str(settings.get("private_key_file") or "in use"),
        "environment": environment.name,
    }
    if "Invalid connection_name" in message:
        return (
            "no account is named: set SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER and SNOWFLAKE_PRIVATE_KEY_FILE, or have "
            f"a connection {settings.get('connection_name')!r} in the connector's connections.toml"
        )
    sentence = sentence_for(message, error.errno, names)
    return f"{sentence}. Snowflake: {message}" if sentence else f"Snowflake refused: {message}"


def _without_secrets(text: str, settings: Mapping[str, Any]) -> str:
    for name in _SECRETS:
        secret = settings.get(name)
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "***")
    return text
