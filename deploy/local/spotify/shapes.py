"""Keys and types of each answer, typed by hand from real answers and Spotify's announcements.

A shape is a type, None, a list of one shape, a dict of shapes (a key ending in ? may be missing), or a tuple of shapes
that are allowed. Nothing here is generated from the stub, so that tests can compare the stub with it.
"""

from collections.abc import Iterator

from deploy.local.spotify.answers import AppClass

Shape = type | dict[str, "Shape"] | list["Shape"] | tuple["Shape", ...] | None

IMAGES: Shape = [{"height": int, "url": str, "width": int}]
COVERS: Shape = ([{"height": (int, None), "url": str, "width": (int, None)}], None)
URLS: dict[str, Shape] = {"external_urls": {"spotify": str}, "href": str, "id": str, "type": str, "uri": str}
NO_URLS: dict[str, Shape] = {"external_urls": {}, "href": None, "id": None, "type": str}
ARTISTS: Shape = [URLS | {"name": str}]
OWNER: Shape = URLS | {"display_name": (str, None)}
FOLLOWERS: Shape = {"href": None, "total": int}
MARKETS: Shape = [str]

ERROR: Shape = {"error": {"status": int, "message": str}}
TOKEN_ERROR: Shape = {"error": str, "error_description": str}
TOKEN: Shape = {"access_token": str, "token_type": str, "expires_in": int, "scope?": str, "refresh_token?": str}


def song(app: AppClass) -> dict[str, Shape]:
    """A song with its album, as every list returns it."""
    album = URLS | {
        "album_type": str,
        "artists": ARTISTS,
        "images": IMAGES,
        "name": str,
        "release_date": str,
        "release_date_precision": str,
        "total_tracks": int,
    }
    shown = URLS | {
        "artists": ARTISTS,
        "disc_number": int,
        "duration_ms": int,
        "explicit": bool,
        "external_ids": {"isrc?": str},
        "is_local": bool,
        "name": str,
        "restrictions?": {"reason": str},
        "track_number": int,
    }
    if app is AppClass.A:
        return shown | {"album": album | {"is_playable": bool}, "is_playable": bool}
    return shown | {
        "album": album | {"available_markets": MARKETS},
        "available_markets": MARKETS,
        "is_playable?": bool,
        "linked_from?": URLS,
        "popularity": int,
        "preview_url": (str, None),
    }


def episode(app: AppClass) -> dict[str, Shape]:
    """A podcast episode in a playlist, with its show."""
    show = URLS | {
        "copyrights": [],
        "description": str,
        "explicit": bool,
        "html_description": (str, None),
        "images": IMAGES,
        "is_externally_hosted": bool,
        "languages": [str],
        "media_type": str,
        "name": str,
        "total_episodes": int,
    }
    shown = URLS | {
        "audio_preview_url": (str, None),
        "description": str,
        "duration_ms": int,
        "episode": bool,
        "explicit": bool,
        "html_description": str,
        "images": IMAGES,
        "is_externally_hosted": bool,
        "is_playable?": bool,
        "language": str,
        "languages": [str],
        "name": str,
        "release_date": str,
        "release_date_precision": str,
        "resume_point?": {"fully_played": bool, "resume_position_ms": int},
        "track": bool,
    }
    if app is AppClass.A:
        return shown | {"show": show}
    return shown | {"available_markets?": MARKETS, "show": show | {"available_markets": MARKETS, "publisher": str}}


def local_file(app: AppClass) -> dict[str, Shape]:
    """A file of the listener's own in a playlist: tags without ids."""
    withheld: dict[str, Shape] = {} if app is AppClass.A else {"available_markets": MARKETS}
    album = NO_URLS | withheld | {
        "album_type": None,
        "artists": [],
        "images": [],
        "name": str,
        "release_date": None,
        "release_date_precision": None,
        "uri": None,
    }  # fmt: skip
    shown = NO_URLS | withheld | {
        "album": album,
        "artists": [NO_URLS | {"name": str, "uri": None}],
        "disc_number": int,
        "duration_ms": int,
        "explicit": bool,
        "external_ids": {},
        "is_local": bool,
        "name": str,
        "track_number": int,
        "uri": str,
    }  # fmt: skip
    return shown if app is AppClass.A else shown | {"popularity": int, "preview_url": None}


def page(row: Shape) -> dict[str, Shape]:
    """The envelope of every list."""
    return {
        "href": str,
        "items": [row],
        "limit": int,
        "next": (str, None),
        "offset": int,
        "previous": (str, None),
        "total": int,
    }


def playlist_row(app: AppClass) -> dict[str, Shape]:
    """One position of a playlist."""
    content = (song(app) | {"episode": bool, "track": bool}, episode(app), local_file(app), None)
    row: dict[str, Shape] = {
        "added_at": (str, None),
        "added_by": (URLS, None),
        "is_local": bool,
        "primary_color": None,
        "video_thumbnail": {"url": None},
    }
    if app is AppClass.A:
        return row | {"item": content}
    if app is AppClass.B:
        return row | {"track": content}
    return row | {"item": content, "track": content}


def _playlist(app: AppClass, contents: Shape) -> dict[str, Shape]:
    shown = URLS | {
        "collaborative": bool,
        "description": str,
        "images": COVERS,
        "name": str,
        "owner": OWNER,
        "primary_color": None,
        "public": (bool, None),
        "snapshot_id": str,
    }
    if app is AppClass.A:
        return shown | {"items": contents}
    if app is AppClass.B:
        return shown | {"tracks": contents}
    return shown | {"items": contents, "tracks": contents}


def items(app: AppClass) -> Shape:
    """GET /playlists/{id}/items, and /playlists/{id}/tracks where it still exists."""
    return page(playlist_row(app))


def playlist(app: AppClass) -> Shape:
    """GET /playlists/{id}: in class A without `items` where the app may not see them."""
    shown = _playlist(app, page(playlist_row(app))) | {"followers": FOLLOWERS}
    if app is AppClass.A:
        return shown, {key: shape for key, shape in shown.items() if key != "items"}
    return shown


def my_playlists(app: AppClass) -> Shape:
    """GET /me/playlists."""
    return page(_playlist(app, {"href": str, "total": int}))


def my_tracks(app: AppClass) -> Shape:
    """GET /me/tracks."""
    return page({"added_at": str, "track": song(app)})


def me(app: AppClass) -> Shape:
    """GET /me."""
    profile = URLS | {"account_id": str, "display_name": (str, None), "followers": FOLLOWERS, "images": COVERS}
    if app is AppClass.A:
        return profile
    explicit: Shape = {"filter_enabled": bool, "filter_locked": bool}
    return profile | {"country": str, "email": str, "explicit_content": explicit, "product": str}


def differences(shape: Shape, value: object) -> list[str]:
    """Differences between an answer and its shape, a line with the path for each; empty if there are none."""
    if isinstance(shape, tuple):
        return _fewest(differences(element, value) for element in shape)
    if isinstance(shape, dict) and isinstance(value, dict):
        return _key_differences(shape, value)
    if isinstance(shape, list) and isinstance(value, list):
        if not shape:
            return [" is not empty"] if value else []
        return [f"[{index}]{line}" for index, element in enumerate(value) for line in differences(shape[0], element)]
    is_right = value is None if shape is None else type(value) is shape
    return [] if is_right else [f" is {type(value).__name__}"]


def _key_differences(shape: dict[str, Shape], value: dict[str, object]) -> list[str]:
    lines = []
    for key, expected in shape.items():
        name = key.removesuffix("?")
        if name in value:
            lines += [f".{name}{line}" for line in differences(expected, value[name])]
        elif name == key:
            lines.append(f".{name} is missing")
    return lines + [f".{name} is unknown" for name in value if name not in shape and f"{name}?" not in shape]


def _fewest(alternatives: Iterator[list[str]]) -> list[str]:
    best = next(alternatives)
    for other in alternatives:
        if not best:
            break
        best = min(best, other, key=len)
    return best
