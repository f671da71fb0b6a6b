"""The login: an app's id and secret, a person's refresh token. Never logged, never in a repr or an error.

It is kept in AWS Secrets Manager, in a private file, or (for one run) in the environment.
"""

import json
import logging
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Protocol, Self

FIELDS: Final = ("client_id", "client_secret", "refresh_token")
LIFETIME = timedelta(days=180)  # of a login: six months, also after refreshes (Spotify, June 2026)
WARN_FROM = timedelta(days=150)


class CredentialsError(Exception):
    """The credentials are missing or incomplete; the message names the missing parts, never a value."""


class NoLoginError(CredentialsError):
    """No login yet: the secret exists and has no value."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An app of Spotify's dashboard and the consent of a person.

    `consented_at` is ISO 8601, None if not known. `scope` is what the person consented to, words with spaces between
    them; None if not known.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    consented_at: str | None = None
    scope: str | None = None

    @classmethod
    def from_json(cls, text: str, place: str) -> Self:
        """The credentials of a JSON object; `place` names it in the error. Raises CredentialsError."""
        value = _parsed(text)
        missing = [name for name in FIELDS if not (isinstance(value.get(name), str) and value[name])]
        if missing:
            raise CredentialsError(
                f"{place} lacks {', '.join(missing)}: it must be a JSON object with the texts client_id, "
                "client_secret, refresh_token and consented_at. `make login` writes one."
            )
        consented_at, scope = value.get("consented_at"), value.get("scope")
        return cls(
            **{name: value[name] for name in FIELDS},
            consented_at=consented_at if isinstance(consented_at, str) and _time(consented_at) else None,
            scope=scope if isinstance(scope, str) else None,
        )

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the person consented; None if it is not known."""
        consented_at = _time(self.consented_at)
        return None if consented_at is None else now - consented_at


class CredentialStore(Protocol):
    """Where credentials are kept between runs."""

    def load(self) -> Credentials:
        """The stored credentials. Raises CredentialsError."""

    def keep(self, refresh_token: str) -> None:
        """Replace the refresh token, which Spotify has rotated. Raises CredentialsError."""


@dataclass(frozen=True)
class EnvironmentStore:
    """Credentials from environment variables, which cannot keep a rotated token."""

    credentials: Credentials

    def load(self) -> Credentials:
        """The credentials of the environment."""
        return self.credentials

    def keep(self, refresh_token: str) -> None:  # noqa: ARG002  # the environment cannot keep it
        """Raise CredentialsError: the variable must be set again by the person who set it."""
        raise CredentialsError(
            "Spotify has given a new refresh token, and the environment cannot keep it: the one in "
            "SPOTIFY_REFRESH_TOKEN may not work again. Use SPOTIFY_CREDENTIALS_FILE or SPOTIFY_SECRET_ARN, and run "
            "`make login` once."
        )


@dataclass(frozen=True)
class FileStore:
    """A JSON file of mode 600, as `make login` writes it."""

    path: Path

    def load(self) -> Credentials:
        """The file's credentials. Raises CredentialsError, also if others may read the file."""
        return Credentials.from_json(self._text(), f"The credentials file {self.path}")

    def keep(self, refresh_token: str) -> None:
        """Replace the token, and nothing else of the file."""
        _write_private(self.path, {**_parsed(self._text()), "refresh_token": refresh_token})

    def _text(self) -> str:
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise CredentialsError(
                f"There is no credentials file {self.path}: run `make login`, or check SPOTIFY_CREDENTIALS_FILE."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise CredentialsError(
                f"The credentials file {self.path} cannot be read ({reason}): check SPOTIFY_CREDENTIALS_FILE."
            ) from None  # a decoding error contains the bytes
        if mode & 0o077:
            raise CredentialsError(
                f"The credentials file {self.path} can be read by others (mode {mode:o}): chmod 600 {self.path}"
            )
        return text


@dataclass(frozen=True)
class SecretsManagerStore:
    """A secret in AWS Secrets Manager."""

    secret_arn: str

    def load(self) -> Credentials:
        """The secret's credentials. Raises CredentialsError."""
        return Credentials.from_json(self._text(), f"The secret {self.secret_arn}")

    def keep(self, refresh_token: str) -> None:
        """Replace the token, and nothing else of the secret."""
        client, errors = _secrets_manager()
        try:
            text = json.dumps({**_parsed(self._text()), "refresh_token": refresh_token})
            client.put_secret_value(SecretId=self.secret_arn, SecretString=text)
        except errors as error:
            raise CredentialsError(
                f"Spotify has given a new refresh token, and the secret {self.secret_arn} cannot keep it ({error}): "
                "allow the role secretsmanager:PutSecretValue, then run `make login`."
            ) from error

    def _text(self) -> str:
        client, errors = _secrets_manager()
        try:
            answer = client.get_secret_value(SecretId=self.secret_arn)
        except client.exceptions.ResourceNotFoundException as error:
            # A missing secret has the same error code; only the sentence differs.
            if "AWSCURRENT" in str(error):
                raise NoLoginError(
                    f"The secret {self.secret_arn} has no value yet: run `make login` with --secret-arn."
                ) from error
            raise CredentialsError(self._unreadable(error)) from error
        except errors as error:
            raise CredentialsError(self._unreadable(error)) from error
        return str(answer.get("SecretString", ""))

    def _unreadable(self, error: Exception) -> str:
        return f"The secret {self.secret_arn} cannot be read ({error}): check SPOTIFY_SECRET_ARN and the role's policy."


def save_credentials(path: Path, credentials: Credentials) -> None:
    """Write the file that SPOTIFY_CREDENTIALS_FILE names, atomically and with mode 600; creates its folder (mode 700).

    Raises CredentialsError if it cannot be written.
    """
    value = {
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "refresh_token": credentials.refresh_token,
        "consented_at": credentials.consented_at,
        "scope": credentials.scope,
    }
    _write_private(path, value)


def _write_private(path: Path, value: Mapping[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  # the descriptor has the mode
                file.write(json.dumps(value, indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise CredentialsError(
            f"The credentials file {path} cannot be written ({error.strerror}): check the folder, and who owns it."
        ) from error


def _secrets_manager() -> tuple[Any, tuple[type[Exception], ...]]:
    """The client, and the types of its errors."""
    import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # not needed without AWS
    from botocore.exceptions import (  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # likewise
        BotoCoreError,
        ClientError,
    )

    logging.getLogger("botocore").setLevel(logging.WARNING)  # at DEBUG it logs the answer with the secret
    return boto3.client("secretsmanager"), (BotoCoreError, ClientError)


def _parsed(text: str) -> dict[str, Any]:
    # No error is raised from here: a JSONDecodeError contains the whole text.
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _time(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
