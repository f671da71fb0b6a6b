"""Who asks Spotify: an app's id and secret, a person's refresh token. Never logged, never in a repr or an error."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any, Self

_FIELDS = ("client_id", "client_secret", "refresh_token")


class CredentialsError(Exception):
    """The credentials are not there or not whole; the message names what is missing, never what is there."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """An app of Spotify's dashboard and the consent of a person; `consented_at` is ISO 8601, None if not known."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    consented_at: str | None = None

    @classmethod
    def from_secret(cls, secret_arn: str) -> Self:
        """The secret in AWS Secrets Manager: JSON with client_id, client_secret, refresh_token and consented_at.

        Raises CredentialsError if it cannot be read or is not whole.
        """
        return cls._from_json(_secret_text(secret_arn), secret_arn)

    @classmethod
    def _from_json(cls, text: str, secret_arn: str) -> Self:
        value = _parsed(text)
        missing = [name for name in _FIELDS if not (isinstance(value.get(name), str) and value[name])]
        if missing:
            message = (
                f"The secret {secret_arn} lacks {', '.join(missing)}: it must be a JSON object with the texts "
                "client_id, client_secret, refresh_token and consented_at."
            )
            raise CredentialsError(message)
        consented_at = value.get("consented_at")
        return cls(
            **{name: value[name] for name in _FIELDS},
            consented_at=consented_at if isinstance(consented_at, str) else None,
        )


def _secret_text(secret_arn: str) -> str:
    import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  (one machine needs no boto3)
    from botocore.exceptions import (  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415
        BotoCoreError,
        ClientError,
    )

    logging.getLogger("botocore").setLevel(logging.WARNING)  # at DEBUG it logs the answer, and so the secret
    try:
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=secret_arn)
    except (BotoCoreError, ClientError) as error:
        message = f"The secret {secret_arn} cannot be read ({error}): check SPOTIFY_SECRET_ARN and the role's policy."
        raise CredentialsError(message) from error
    return str(answer.get("SecretString", ""))


def _parsed(text: str) -> dict[str, Any]:
    # Not raised from here: a JSONDecodeError carries the whole text.
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
