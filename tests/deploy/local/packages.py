"""Invented account data downloads: rows of every form since 2019, with a marker in each personal field."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

Json = dict[str, Any]
MARK = "PERSONAL-MARK"
MARKED_TIME = 1_999_999_999_123  # for offline_timestamp, which is also dropped
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
        "offline_timestamp": MARKED_TIME,
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


def every_form() -> dict[str, object]:
    """Files of every kind that downloads have had since 2019, with a marker in every personal field.

    Names of songs, episodes and audiobooks have none: these are kept. Plays of private sessions have one in each name.
    """
    private = dict.fromkeys(NO_TRACK, MARK) | {"incognito_mode": True}
    episode = NO_TRACK | {"episode_name": "On Kelp", "spotify_episode_uri": f"spotify:episode:{EPISODE}"}
    chapter = {"audiobook_title": "The Weir", "audiobook_uri": f"spotify:show:{BOOK}"}
    account_book = {"audiobookName": "The Weir", "chapterName": "Chapter 2", "authorName": "A. Mell"}
    podcast = {"podcastName": "Low Water", "episodeName": "On Kelp"}
    of_2026 = [
        now_row("2026-02-11T18:05:44Z"),
        now_row("2026-02-12T06:31:02Z", **episode),
        now_row("2026-03-01T20:00:10Z", **chapter),
        now_row("2026-03-02T20:00:10Z", **private),
        now_row("2026-03-03T20:00:10Z", reason_start={"ip_addr": MARK}, username=MARK, new_key=MARK, shuffle=[MARK]),
        now_row("no time"),
        account_row("2026-01-01 10:00") | {"userName": MARK},  # its form differs from its file's
        {"ts": MARK},
        MARK,
    ]
    return {
        "Streaming_History_Audio_2025-2026_3": of_2026,
        "Streaming_History_Video_2025": [now_row("2025-02-11T18:05:44Z")],
        f"endsong_0 {MARK}": [old_row("2020-02-11T18:05:44Z"), old_row("2021-02-11T18:05:44Z", **private)],
        f"{MARK}/StreamingHistory0": [account_row("2019-01-01 10:00") | {"userName": MARK, "ip": MARK}],
        "StreamingHistory_podcast_0": [{"endTime": "2019-01-02 10:00", "msPlayed": 9, "device": MARK} | podcast],
        "StreamingHistory_audiobook_0": [{"endTime": "2019-01-03 10:00", "msPlayed": 9, "device": MARK} | account_book],
        "Userdata": {"username": MARK, "email": MARK, "country": MARK, "birthdate": MARK, "mobileNumber": MARK},
        "Identity": {"displayName": MARK, "firstName": MARK, "lastName": MARK, "imageUrl": MARK},
        "Identifiers": {"identifierType": MARK, "identifierValue": MARK},
        "Inferences": {"inferences": [MARK]},
        "SearchQueries": [{"platform": MARK, "searchTime": MARK, "searchQuery": MARK, "searchInteractionURIs": [MARK]}],
        "Payments": {"payment_method": MARK},
        "Follow": {"userIsFollowing": [MARK], "userIsFollowedBy": [MARK]},
        "YourLibrary": {"tracks": [{"artist": MARK, "album": MARK, "track": MARK, "uri": MARK}], "other": [MARK]},
        "Playlist1": {"playlists": [{"name": MARK, "collaborators": [MARK], "items": []}]},
        "TechnicalLog": [{"context_user_agent": MARK, "message_city": MARK}],
        "ReadMeFirst": b"%PDF-1.7 " + MARK.encode(),
    }
