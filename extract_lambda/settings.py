"""Settings of a run from the environment: every variable is read here and nowhere else."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

from extract_lambda import config
from extract_lambda.config import MINE, SettingsError
from extract_lambda.credentials import Credentials, CredentialStore, EnvironmentStore, FileStore, SecretsManagerStore
from extract_lambda.spotify import ACCOUNTS_URL, API_URL
from extract_lambda.transport import Limits

__all__ = ["MINE", "Settings", "SettingsError"]

_THREE = ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN")
_YES_OR_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_PLACES = (
    "on AWS set SPOTIFY_SECRET_ARN to the secret's ARN, on one machine SPOTIFY_CREDENTIALS_FILE to the file that "
    "`make login` wrote, or SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET and SPOTIFY_REFRESH_TOKEN."
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run reads, where it stores it, and with which login.

    `playlists` are Spotify ids and "mine": playlists that the person owns or collaborates on. `min_request_interval`
    is the least number of seconds between two calls, `calls_per_day` the limit of calls of one kind within 24 hours;
    `limits` apply to each answer. Unless `keep_people`, owners of playlists and people who added items are not stored.
    """

    lake: str
    credential_store: CredentialStore
    playlists: tuple[str, ...] = (MINE,)
    liked_songs: bool = False
    keep_people: bool = True
    full_every: timedelta = timedelta(days=30)
    min_request_interval: float = 0.2
    calls_per_day: int = 500
    limits: Limits = field(default_factory=Limits)
    ignores_cool_down: bool = False
    api_url: str = API_URL
    accounts_url: str = ACCOUNTS_URL

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """The settings of these variables; an empty variable counts as absent. Raises SettingsError.

        A setting's own variable overrides SPOTIFY_CONFIG.
        """
        variables = {name: value.strip() for name, value in environ.items() if value.strip()}
        values = config.checked(config.document(variables["SPOTIFY_CONFIG"])) if "SPOTIFY_CONFIG" in variables else {}
        for name, (key, read) in _VARIABLES.items():
            if name in variables:
                values[key] = _read(name, variables[name], read)
        if "lake" not in values:
            raise SettingsError("LAKE_URI is not set: set it to the lake, s3://bucket/prefix or a folder.")
        if "full_every_days" in values:
            values["full_every"] = values.pop("full_every_days")
        limits = {"seconds": values.pop("answer_seconds", None), "max_bytes": values.pop("answer_mib", 0) * 2**20}
        values["limits"] = Limits(**{name: value for name, value in limits.items() if value})
        return cls(credential_store=_credential_store(variables), **values)


def _read(name: str, text: str, read: Callable[[str], Any]) -> object:
    try:
        return read(text)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from error


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _YES_OR_NO:
        raise SettingsError(f"{text!r} is neither: write yes or no.")
    return _YES_OR_NO[text.lower()]


def _number(text: str) -> object:
    """The text as a number; a text that is no number is returned unchanged, and every check refuses it."""
    if re.fullmatch("[0-9]{1,9}", text):
        return int(text)
    return float(text) if re.fullmatch("[0-9]{0,9}[.][0-9]{1,9}", text) else text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", text):
        raise SettingsError(f"{text!r} is no URL: write one that starts with https://, or remove the variable.")
    return text.rstrip("/")


_VARIABLES: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "LAKE_URI": ("lake", config.lake),
    "SPOTIFY_PLAYLISTS": ("playlists", lambda text: config.playlists(text.replace(",", " ").split())),
    "SPOTIFY_LIKED_SONGS": ("liked_songs", _yes_or_no),
    "SPOTIFY_KEEP_PEOPLE": ("keep_people", _yes_or_no),
    "FORCE_FULL_EVERY_DAYS": ("full_every_days", lambda text: config.full_every(_number(text))),
    "SPOTIFY_MIN_REQUEST_INTERVAL": ("min_request_interval", lambda text: config.min_request_interval(_number(text))),
    "SPOTIFY_CALLS_PER_DAY": ("calls_per_day", lambda text: config.calls_per_day(_number(text))),
    "SPOTIFY_ANSWER_SECONDS": ("answer_seconds", lambda text: config.answer_seconds(_number(text))),
    "SPOTIFY_ANSWER_MIB": ("answer_mib", lambda text: config.answer_mib(_number(text))),
    "SPOTIFY_IGNORE_COOL_DOWN": ("ignores_cool_down", _yes_or_no),
    "SPOTIFY_API_URL": ("api_url", _url),
    "SPOTIFY_ACCOUNTS_URL": ("accounts_url", _url),
}


def _credential_store(variables: Mapping[str, str]) -> CredentialStore:
    # Id and secret without a token are for `make login`; a login in a file or a secret contains its own id and secret.
    names = ("SPOTIFY_SECRET_ARN", "SPOTIFY_CREDENTIALS_FILE", "SPOTIFY_REFRESH_TOKEN")
    places = [name for name in names if name in variables]
    if len(places) > 1:
        raise SettingsError(f"{', '.join(places)} are set, but credentials come from one place: {_PLACES}")
    if "SPOTIFY_SECRET_ARN" in variables:
        return SecretsManagerStore(variables["SPOTIFY_SECRET_ARN"])
    if "SPOTIFY_CREDENTIALS_FILE" in variables:
        return FileStore(Path(variables["SPOTIFY_CREDENTIALS_FILE"]).expanduser())
    missing = [name for name in _THREE if name not in variables]
    if missing:
        raise SettingsError(f"{', '.join(missing)} not set: {_PLACES}")
    client_id, client_secret, refresh_token = (variables[name] for name in _THREE)
    return EnvironmentStore(Credentials(client_id=client_id, client_secret=client_secret, refresh_token=refresh_token))
