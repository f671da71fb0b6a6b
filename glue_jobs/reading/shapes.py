"""Says what JSON from Spotify is that is no playlist. It is recognised by its keys; no value is quoted."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_BY_TYPE = {
    "album": "an album",
    "artist": "an artist",
    "audio_features": "audio features of a track",
    "audiobook": "an audiobook",
    "chapter": "a chapter of an audiobook",
    "episode": "an episode",
    "show": "a show",
    "track": "a track, without a playlist",
    "user": "a user",
}
# Sets of keys, and what an object is that has all of them. The first set that matches counts.
_BY_KEYS: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(keys.split()), name)
    for keys, name in (
        ("played_at track", "a row of recently played tracks"),
        ("is_playing", "what is currently playing"),
        ("currently_playing queue", "the queue of what is currently playing"),
        ("seeds tracks", "recommendations"),
        ("danceability energy", "audio features of a track"),
        ("audio_features", "audio features of tracks"),
        ("bars beats sections", "an audio analysis"),
        ("devices", "a list of devices"),
        ("access_token token_type", "an answer to a login: remove this file"),
        (
            "entries creator version",
            "a recording of a browser (HAR): it may contain your login, save the answers alone",
        ),
        ("__typename", "an answer of Spotify's own player: only answers of the Web API are read"),
        ("revision contents", "an answer of Spotify's own player: only answers of the Web API are read"),
        # the account data download
        ("endTime msPlayed", "a row of the account's streaming history: import it with make import"),
        ("ms_played ts", "a row of the account's extended streaming history"),
        ("endTime artistName trackName", "a row of the account's streaming history: import it with make import"),
        ("username email", "user data of the account"),
        ("username birthdate", "user data of the account"),
        ("email country", "user data of the account"),
        ("displayName tasteMaker", "the account's identity"),
        ("displayName firstName", "the account's identity"),
        ("userIsFollowing", "the account's followed and following users"),
        ("followerCount followingUsersCount", "the account's followed and following users"),
        ("searchTime searchQuery", "the account's search queries"),
        ("inferences", "the account's inferences"),
        ("artistName segment", "the account's Marquee segments"),
        ("payment_method", "the account's payments"),
        ("spotifyIdentifier", "the account's identifiers"),
        ("identifierType identifierValue", "the account's identifiers"),
        # rows and objects by their own keys
        ("album_type", "an album"),
        ("release_date total_tracks", "an album"),
        ("duration_ms artists album", "a track, without a playlist"),
        ("followers genres", "an artist"),
        ("added_at", "a row of another format: it has no key item or track"),
    )
)
_ROW_KEYS = {"item", "track"}
_NO_ROW = {"played_at", "is_playing"}  # an object with one of these is no row, even if it has an entry
_SAVED = ("album", "episode", "show", "audiobook")
_SEARCHED = ("albums", "artists", "audiobooks", "episodes", "playlists", "shows", "tracks")
_BY_HREF = (
    (re.compile(r"/search(?:[/?#]|$)"), "a search answer"),
    (re.compile(r"/playlists(?:[?#]|$)"), "a list of playlists without their songs"),
    (re.compile(r"/albums/[^/]+/tracks"), "a page of an album's tracks"),
    (re.compile(r"/me/albums"), "a page of saved albums"),
    (re.compile(r"/me/episodes"), "a page of saved episodes"),
    (re.compile(r"/me/shows"), "a page of saved shows"),
    (re.compile(r"/recently-played"), "a page of recently played tracks"),
    (re.compile(r"/artists/[^/]+/albums"), "a page of an artist's albums"),
    (re.compile(r"/episodes(?:[?#]|$)"), "a page of a show's episodes"),
)
# Keys of the API's answers, which a reason may name.
_API_KEYS = frozenset(
    [
        "added_at",
        "added_by",
        "album",
        "album_type",
        "albums",
        "artists",
        "audiobooks",
        "categories",
        "collaborative",
        "copyrights",
        "cursors",
        "description",
        "disc_number",
        "display_name",
        "duration_ms",
        "episodes",
        "error",
        "explicit",
        "external_ids",
        "external_urls",
        "followers",
        "genres",
        "height",
        "href",
        "id",
        "images",
        "is_local",
        "is_playable",
        "item",
        "items",
        "label",
        "limit",
        "name",
        "next",
        "offset",
        "owner",
        "playlist",
        "playlists",
        "popularity",
        "previous",
        "primary_color",
        "public",
        "release_date",
        "restrictions",
        "shows",
        "snapshot_id",
        "status",
        "total",
        "total_tracks",
        "track",
        "track_number",
        "tracks",
        "type",
        "uri",
        "url",
        "width",
        "available_markets",
        "ean",
        "episode",
        "isrc",
        "is_externally_hosted",
        "languages",
        "language",
        "message",
        "preview_url",
        "publisher",
        "resume_point",
        "show",
        "spotify",
        "text",
        "upc",
        "video_thumbnail",
    ]
)
_MAX_KEYS = 8


def name_of(value: Mapping[str, Any]) -> str | None:  # noqa: PLR0911  # a return for each shape
    """What the object is, if it is an answer of the API, or of the account data download, without playlist items."""
    if "error" in value and not _ROW_KEYS & value.keys() and not isinstance(value.get("items"), list):
        return _error(value["error"])
    if isinstance(value.get("type"), str) and value["type"] in _BY_TYPE:
        return _BY_TYPE[value["type"]]
    if value.keys() == {"snapshot_id"}:
        return "the answer to a change of a playlist"
    is_row = any(key in value and isinstance(value[key], dict | None) for key in _ROW_KEYS)
    if "added_at" in value and not is_row:
        for key in _SAVED:
            if isinstance(value.get(key), dict):
                return f"a row of saved {key}s"
    for wanted, name in _BY_KEYS:
        if wanted <= value.keys() and (not is_row or wanted & _NO_ROW):
            return name
    if "type" not in value and "snapshot_id" not in value and _is_search(value):
        return "a search answer"
    return None


def _error(error: object) -> str:
    status = error.get("status") if isinstance(error, dict) else None
    return "an error answer of the API" + (f" (status {status})" if type(status) is int and 0 < status < 1_000 else "")  # noqa: PLR2004  # as HTTP has them


def is_song_of_another_tool(value: Mapping[str, Any]) -> bool:
    """Whether the object describes a song in the format of another tool: a title and an artist, as texts."""
    if any(isinstance(part, dict) or _has_objects(part) for part in value.values()):
        return False
    names = [key.lower() for key in value]
    by_artist = [name for name in names if "artist" in name or "creator" in name]
    titles = [name for name in names if name not in by_artist and re.search("title|track|song|name", name)]
    return bool(by_artist and titles)


def _has_objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(element, dict | list) for element in value)


def _is_search(value: Mapping[str, Any]) -> bool:
    pages = [page for key in _SEARCHED if isinstance(page := value.get(key), dict) and "items" in page]
    hrefs = [str(page.get("href")) for page in pages]
    return len(pages) > 1 or any(_BY_HREF[0][0].search(href) for href in hrefs)


def name_of_page(href: str) -> str | None:
    """What a page is, from an address that is not that of playlist items; null if it is unknown."""
    return next((name for pattern, name in _BY_HREF if pattern.search(href)), None)


def has_api_keys_alone(value: object) -> bool:
    """Whether every key in the JSON value is a key of the API's answers, so that all places of persons are known."""
    if isinstance(value, dict):
        return value.keys() <= _API_KEYS and all(map(has_api_keys_alone, value.values()))
    return all(map(has_api_keys_alone, value)) if isinstance(value, list) else True


def has_api_key(value: Mapping[str, Any]) -> bool:
    """Whether the object has a key of the API's answers."""
    return not _API_KEYS.isdisjoint(value)


def with_keys(value: Mapping[str, Any]) -> str:
    """A phrase for an unrecognised object, with those of its keys that the API has."""
    known = sorted(_API_KEYS & value.keys())
    others = len(value) - len(known[:_MAX_KEYS])
    if not value:
        return "an object without keys"
    named = f"the key{'s' * (len(known) > 1)} {', '.join(known[:_MAX_KEYS])}" if known else ""
    rest = f"{others:,} other{'s' * (others > 1)}" if known else f"{others:,} unknown key{'s' * (others > 1)}"
    return "an object with " + " and ".join(part for part in (named, rest if others else "") if part)


def place_of(steps: Sequence[int | tuple[str, int]]) -> str:
    """Where in a file a value is: `value 2, tracks: `. A key that the API does not have is named by its number."""
    names = [
        f"value {step + 1}" if isinstance(step, int) else step[0] if step[0] in _API_KEYS else f"entry {step[1] + 1}"
        for step in steps
    ]
    return ", ".join(names) + ": " if names else ""
