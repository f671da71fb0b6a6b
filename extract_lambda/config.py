"""The configuration as one JSON or TOML document: SPOTIFY_CONFIG is the document, or names its file or parameter."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

MINE: Final = "mine"
_SSM = "ssm:"
_ID_LENGTH = 22
_ID = re.compile(f"[0-9A-Za-z]{{{_ID_LENGTH}}}")
_PLAYLIST = re.compile(
    r"(?:spotify:(?:user:[^:]+:)?playlist:|https?://open\.spotify\.com/(?:intl-\w+/)?(?:user/[^/]+/)?playlist/)?"
    r"([0-9A-Za-z]+)/?(?:[?#]\S*)?"
)
_OTHER_THING = re.compile(
    r"(?:spotify:|https?://open\.spotify\.com/(?:intl-\w+/)?)(album|artist|track|show|episode|user)\b"
)
_LIKED = re.compile(r"(?:spotify:(?:user:[^:]+:)?collection|https?://open\.spotify\.com/collection)")
_LONGEST_FULL_EVERY = 9999
_LONGEST_ANSWER = 600.0
_LARGEST_ANSWER_MIB = 1024
_LONGEST_REQUEST_INTERVAL = 60.0


class SettingsError(ValueError):
    """A variable, or a part of the configuration, is missing or wrong; the message names it and says what to do."""


def document(text: str) -> Mapping[str, Any]:
    """The values of SPOTIFY_CONFIG by name, not yet checked. Raises SettingsError."""
    if text.startswith(_SSM):
        name = text.removeprefix(_SSM)
        return _parsed(_parameter(name), f"The parameter {name}")
    if text.startswith("{"):
        return _parsed(text, "SPOTIFY_CONFIG")
    if "\n" in text or re.match(r"[A-Za-z_]+\s*=", text):
        return _parsed(text, "SPOTIFY_CONFIG")
    return _parsed(_file(Path(text).expanduser()), f"The file {text}")


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """The document's values as Settings expects them. Raises SettingsError, which names every problem."""
    problems = []
    values = {}
    for name, value in config.items():
        check = _CHECKS.get(name)
        if check is None:
            close = difflib.get_close_matches(name, _CHECKS, n=1)
            meant = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(_CHECKS))}."
            problems.append(f"{name!r} is not known: {meant}")
            continue
        try:
            values[name] = check(value)
        except SettingsError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise SettingsError(f"SPOTIFY_CONFIG: {' '.join(problems)}")
    return values


def playlists(value: object) -> tuple[str, ...]:
    """Playlist ids and "mine", each once, from a list of ids, links and addresses. Raises SettingsError."""
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not words:
        raise SettingsError(
            f'{value!r} is no list: write "mine", or playlist ids, links or spotify:playlist: addresses.'
        )
    return tuple(dict.fromkeys(_playlist(word) for word in words))


def _playlist(word: object) -> str:
    text = word.strip() if isinstance(word, str) else ""
    if text.lower() == MINE:
        return MINE
    match = _PLAYLIST.fullmatch(text)
    if match and _ID.fullmatch(match[1]):
        return match[1]
    raise SettingsError(_not_a_playlist(word, text, match))


def _not_a_playlist(word: object, text: str, match: re.Match[str] | None) -> str:
    if _LIKED.match(text):
        return f"{word!r} are the liked songs, not a playlist: set liked_songs (or SPOTIFY_LIKED_SONGS=yes) instead."
    other = _OTHER_THING.match(text)
    if other:
        return f"{word!r} is no playlist but of type {other[1]}: only playlists and liked songs can be read."
    if match:
        return f"{word!r} is no playlist: an id has {_ID_LENGTH} letters and digits, {match[1]!r} has {len(match[1])}."
    return (
        f"{word!r} is no playlist: write mine, or playlist ids, links such as https://open.spotify.com/playlist/… or "
        "spotify:playlist: addresses."
    )


def yes_or_no(value: object) -> bool:
    """A boolean. Raises SettingsError."""
    if not isinstance(value, bool):
        raise SettingsError(f"{value!r} is neither true nor false.")
    return value


def full_every(value: object) -> timedelta:
    """The time, from days, after which an unchanged playlist is read again. Raises SettingsError."""
    if type(value) is not int or not 1 <= value <= _LONGEST_FULL_EVERY:
        raise SettingsError(
            f"{value!r} is no number of days: write after how many days everything is read again, 1 to 9999."
        )
    return timedelta(days=value)


def min_request_interval(value: object) -> float:
    """Seconds between two calls. Raises SettingsError."""
    if type(value) not in {int, float} or not 0 <= float(str(value)) <= _LONGEST_REQUEST_INTERVAL:
        raise SettingsError(f"{value!r} is no number of seconds: write the interval between two calls, 0 to 60.")
    return float(str(value))


def calls_per_day(value: object) -> int:
    """The limit of calls of one kind within 24 hours. Raises SettingsError."""
    if type(value) is not int or value < 1:
        raise SettingsError(
            f"{value!r} is no number of calls: write how many of one kind are allowed within 24 hours, from 1."
        )
    return value


def answer_seconds(value: object) -> float:
    """The time limit of one answer, in seconds. Raises SettingsError."""
    if type(value) not in {int, float} or not 0 < float(str(value)) <= _LONGEST_ANSWER:
        raise SettingsError(f"{value!r} is no number of seconds: write how long one answer may take, up to 600.")
    return float(str(value))


def answer_mib(value: object) -> int:
    """The size limit of one answer, in MiB. Raises SettingsError."""
    if type(value) is not int or not 1 <= value <= _LARGEST_ANSWER_MIB:
        raise SettingsError(f"{value!r} is no size: write how many MiB one answer may have uncompressed, 1 to 1024.")
    return value


def lake(value: object) -> str:
    """Where the lake is. Raises SettingsError."""
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{value!r} is no lake: write s3://bucket/prefix or a folder.")
    return value.strip()


_CHECKS: Final = {
    "lake": lake,
    "playlists": playlists,
    "liked_songs": yes_or_no,
    "keep_people": yes_or_no,
    "full_every_days": full_every,
    "min_request_interval": min_request_interval,
    "calls_per_day": calls_per_day,
    "answer_seconds": answer_seconds,
    "answer_mib": answer_mib,
}


def _parsed(text: str, place: str) -> Mapping[str, Any]:
    text = text.strip()
    is_json = text.startswith(("{", "["))
    try:
        value = json.loads(text) if is_json else tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(f"{place} is no {'JSON' if is_json else 'TOML'}: {error}.") from error
    if not isinstance(value, dict):
        raise SettingsError(f"{place} is JSON but no object: write {{...}}.")
    return value


def _file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no text in UTF-8"
        raise SettingsError(
            f"SPOTIFY_CONFIG names the file {path}, which cannot be read ({reason}): check the path."
        ) from error


def _parameter(name: str) -> str:
    import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # not needed without AWS
    from botocore.exceptions import (  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # likewise
        BotoCoreError,
        ClientError,
    )

    try:
        answer = boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except (BotoCoreError, ClientError) as error:
        raise SettingsError(
            f"SPOTIFY_CONFIG names the parameter {name}, which cannot be read ({error}): check the name and the role's "
            "policy."
        ) from error
    return str(answer["Parameter"]["Value"])
