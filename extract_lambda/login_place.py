"""Where a login is kept: a private file, or a secret in AWS Secrets Manager."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from extract_lambda.credentials import (
    FIELDS,
    Credentials,
    CredentialsError,
    FileStore,
    SecretsManagerStore,
    save_credentials,
)
from extract_lambda.failures import LoginError

CREDENTIALS_FILE: Final = "~/.config/spotify-playlist-suite/credentials.json"
_LOGIN_VARIABLES = ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN")


def login_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that point the extractor to the login of this machine; empty if the environment names a login itself.

    An id and a secret alone, as set for `make login`, are no login: the file overrides them.
    """
    names = {name for name, value in environ.items() if value.strip()}
    if names & {"SPOTIFY_SECRET_ARN", "SPOTIFY_CREDENTIALS_FILE"} or names.issuperset(_LOGIN_VARIABLES):
        return {}
    return {"SPOTIFY_CREDENTIALS_FILE": str(Path(CREDENTIALS_FILE).expanduser())} | dict.fromkeys(_LOGIN_VARIABLES, "")


class Place(Protocol):
    """Where the login is kept."""

    def earlier(self) -> Credentials | None:
        """The credentials of an earlier login, if any. Raises LoginError if the place cannot be used."""

    def keep(self, credentials: Credentials) -> None:
        """Replace the stored credentials. Raises LoginError or CredentialsError."""

    def __str__(self) -> str:
        """The place's name in messages."""


@dataclass(frozen=True)
class FilePlace:
    """A file that only its owner may read."""

    path: Path

    def earlier(self) -> Credentials | None:
        """The credentials of an earlier login, if any."""
        try:
            return FileStore(self.path).load()
        except CredentialsError:
            return None

    def keep(self, credentials: Credentials) -> None:
        """Replace the file. Raises CredentialsError."""
        save_credentials(self.path, credentials)

    def __str__(self) -> str:
        """Path and mode."""
        return f"{self.path} (mode 600: only you may read it)"


@dataclass(frozen=True)
class SecretPlace:
    """A secret in AWS Secrets Manager, which Terraform has made."""

    secret_arn: str

    def earlier(self) -> Credentials | None:
        """The credentials of an earlier login, if any. Raises LoginError if there is no such secret."""
        self._do(lambda client: client.describe_secret(SecretId=self.secret_arn))
        try:
            return SecretsManagerStore(self.secret_arn).load()
        except CredentialsError:
            return None

    def keep(self, credentials: Credentials) -> None:
        """Write a new version of the secret. Raises LoginError."""
        names = (*FIELDS, "consented_at", "scope")
        text = json.dumps({name: getattr(credentials, name) for name in names})
        self._do(lambda client: client.put_secret_value(SecretId=self.secret_arn, SecretString=text))

    def _do(self, action: Callable[[Any], object]) -> None:
        import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # not needed without AWS
        from botocore.exceptions import (  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # likewise
            BotoCoreError,
            ClientError,
        )

        try:
            action(boto3.client("secretsmanager"))
        except (BotoCoreError, ClientError) as error:
            raise LoginError(
                f"The secret {self.secret_arn} cannot be used ({error}): check that it exists, the region, and that "
                "you may secretsmanager:DescribeSecret, GetSecretValue and PutSecretValue."
            ) from error

    def __str__(self) -> str:
        """The secret's name."""
        return f"the secret {self.secret_arn}"


def place_of(environ: Mapping[str, str], secret_arn: str | None = None) -> Place:
    """Where to keep the login: in the secret if one is named, else in a file. Raises LoginError."""
    path = environ.get("SPOTIFY_CREDENTIALS_FILE", "").strip()
    named = environ.get("SPOTIFY_SECRET_ARN", "").strip()
    if named and path and not secret_arn:
        raise LoginError(
            "SPOTIFY_SECRET_ARN and SPOTIFY_CREDENTIALS_FILE are set, but the login is kept in one place: unset one."
        )
    if secret_arn or named:
        return SecretPlace(secret_arn or named)
    return FilePlace(Path(path or CREDENTIALS_FILE).expanduser())
