"""What a run is told by its environment: every variable is read here and nowhere else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from extract_lambda.credentials import Credentials

MINE: Final = "mine"
API_URL = "https://api.spotify.com/v1"
ACCOUNTS_URL = "https://accounts.spotify.com"

_PLAYLIST = re.compile(
    r"(?:spotify:(?:user:[^:]+:)?playlist:|https?://open\.spotify\.com/(?:intl-\w\w/)?playlist/)?([0-9A-Za-z]+)(?:\?\S*)?"
)
_CREDENTIALS = ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN")
_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class SettingsError(ValueError):
    """A variable is missing or wrong; the message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to read, where to put it and who asks.

    `playlists` are Spotify ids, or "mine": those that the person owns or works on with others.
    Either `secret_arn` or `credentials` is given.
    """

    lake: str
    playlists: str | tuple[str, ...] = MINE
    liked_songs: bool = False
    full_every: timedelta = timedelta(days=30)
    secret_arn: str | None = None
    credentials: Credentials | None = None
    api_url: str = API_URL
    accounts_url: str = ACCOUNTS_URL

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """The settings that the variables say; an empty variable counts as absent. Raises SettingsError."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        if "LAKE_URI" not in given:
            message = "LAKE_URI is not set: set it to the lake, s3://bucket/prefix or a folder."
            raise SettingsError(message)
        return cls(
            lake=given["LAKE_URI"],
            playlists=_playlists(given.get("SPOTIFY_PLAYLISTS", MINE)),
            liked_songs=_liked_songs(given.get("SPOTIFY_LIKED_SONGS", "no")),
            full_every=_full_every(given.get("FORCE_FULL_EVERY_DAYS", "30")),
            secret_arn=given.get("SPOTIFY_SECRET_ARN"),
            credentials=_credentials(given),
            api_url=_url("SPOTIFY_API_URL", given.get("SPOTIFY_API_URL", API_URL)),
            accounts_url=_url("SPOTIFY_ACCOUNTS_URL", given.get("SPOTIFY_ACCOUNTS_URL", ACCOUNTS_URL)),
        )


def _playlists(text: str) -> str | tuple[str, ...]:
    if text.lower() == MINE:
        return MINE
    ids = []
    for word in text.replace(",", " ").split():
        found = _PLAYLIST.fullmatch(word)
        if not found:
            message = (
                f"SPOTIFY_PLAYLISTS has {word!r}, which is no playlist: write mine, or playlist ids, links or "
                "spotify:playlist: addresses with commas between them."
            )
            raise SettingsError(message)
        ids.append(found[1])
    return tuple(dict.fromkeys(ids))


def _liked_songs(text: str) -> bool:
    if text.lower() not in _YES_OR_NO:
        message = f"SPOTIFY_LIKED_SONGS is {text!r}: write yes to read the liked songs too, or no."
        raise SettingsError(message)
    return _YES_OR_NO[text.lower()]


def _full_every(text: str) -> timedelta:
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        message = f"FORCE_FULL_EVERY_DAYS is {text!r}: write after how many days all is read anew, 1 to 9999."
        raise SettingsError(message)
    return timedelta(days=int(text))


def _credentials(given: Mapping[str, str]) -> Credentials | None:
    missing = [name for name in _CREDENTIALS if name not in given]
    if "SPOTIFY_SECRET_ARN" in given:
        if len(missing) < len(_CREDENTIALS):
            message = (
                "SPOTIFY_SECRET_ARN is set, and SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET or SPOTIFY_REFRESH_TOKEN too: "
                "on AWS keep the first alone, on one machine the three."
            )
            raise SettingsError(message)
        return None
    if missing:
        message = (
            f"{', '.join(missing)} not set: on AWS set SPOTIFY_SECRET_ARN to the secret's ARN, on one machine set "
            "SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET and SPOTIFY_REFRESH_TOKEN."
        )
        raise SettingsError(message)
    client_id, client_secret, refresh_token = (given[name] for name in _CREDENTIALS)
    return Credentials(client_id=client_id, client_secret=client_secret, refresh_token=refresh_token)


def _url(name: str, text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", text):
        message = f"{name} is {text!r}: write a URL that starts with https://, or remove the variable."
        raise SettingsError(message)
    return text.rstrip("/")
