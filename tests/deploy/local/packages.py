"""Invented account data downloads: rows of every form since 2019, with a marker in each personal field."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

Json = dict[str, Any]
MARK = "PERSONAL-MARK"
SONG, OTHER = "7cInventTrack00000001C", "7cInventTrack00000002C"
EPISODE, BOOK, CHAPTER = "1eInventEpis000000001E", "6fInventBook000000001F", "8gInventChap000000001G"


def now_row(ts: str, **fields: object) -> Json:
    """A row of an extended history in the form since 2025."""
    return {
        "ts": ts,
        "platform": f"{MARK}-platform",
        "ms_played": 201480,
        "conn_country": f"{MARK}-country",
        "ip_addr": f"{MARK}-ip",
        "master_metadata_track_name": "Tide Table",
        "master_metadata_album_artist_name": "Lina Torv",
        "master_metadata_album_album_name": "Slow Harbour",
        "spotify_track_uri": f"spotify:track:{SONG}",
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "offline_timestamp": 1770832943,
        "incognito_mode": False,
    } | fields


NO_TRACK: Json = {
    "master_metadata_track_name": None,
    "master_metadata_album_artist_name": None,
    "master_metadata_album_album_name": None,
    "spotify_track_uri": None,
}


def old_row(ts: str, **fields: object) -> Json:
    """A row of endsong_0.json, up to 2023."""
    row = now_row(ts, username=f"{MARK}-user", ip_addr_decrypted=f"{MARK}-ip", user_agent_decrypted=f"{MARK}-agent")
    new = ("ip_addr", "audiobook_title", "audiobook_uri", "audiobook_chapter_uri", "audiobook_chapter_title")
    return {key: value for key, value in row.items() if key not in new} | fields


def account_row(end_time: str, ms_played: int = 201480, track: str = "Tide Table") -> Json:
    """A row of StreamingHistory_music_0.json."""
    return {"endTime": end_time, "artistName": "Lina Torv", "trackName": track, "msPlayed": ms_played}


def as_zip(path: Path, day: tuple[int, int, int], **files: object) -> Path:
    """A ZIP of JSON files packaged at noon of the day; bytes are stored unchanged."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            data = value if isinstance(value, bytes) else json.dumps(value, indent=2).encode()
            archive.writestr(zipfile.ZipInfo(f"MyData/{name}.json", (*day, 12, 0, 0)), data)
    return path


def as_folder(path: Path, at: float, **files: object) -> Path:
    """The same files in a folder, with this file time."""
    path.mkdir()
    for name, value in files.items():
        file = path / f"{name}.json"
        file.write_text(json.dumps(value), encoding="utf-8")
        os.utime(file, (at, at))
    return path
