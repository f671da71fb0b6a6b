"""Account data downloads of the made-up listener: a year of plays, in both of Spotify's forms.

The extended history ends two weeks before the account history; so the two overlap, and each has plays that the other
lacks. The plays depend only on the seed and the last day.
"""

# ruff: noqa: PLR2004, S311  # probabilities are clearest where they are used; nothing is secret

import json
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from deploy.local.spotify.catalogue import Catalogue
from deploy.local.spotify.world import Episode, Song

DAYS = 365
EXTENDED_ENDS = timedelta(days=14)  # before the end of the account history
_ROWS_IN_FILE = 5_000
_HOURS = (7, 8, 12, 17, 18, 19, 20, 21, 22)  # when listening sessions begin on weekdays
_WEIGHTS = (9, 7, 3, 5, 9, 10, 9, 6, 3)
_HOURS_AT_WEEKENDS = (10, 11, 13, 15, 16, 19, 20, 21, 22, 23)


@dataclass(frozen=True)
class _Play:
    """A play that ended at this time; `reason` is Spotify's code for why it ended."""

    ended_at: datetime
    content: Song | Episode
    ms: int
    reason: str
    is_private: bool


def write_packages(folder: Path, catalogue: Catalogue, until: datetime, seed: int = 1) -> tuple[Path, Path]:
    """Write two ZIPs: the extended history, packaged two weeks before `until`, and the account data, at `until`."""
    plays = list(_plays(catalogue, until, random.Random(f"{seed} listening")))
    before = until - EXTENDED_ENDS
    extended = [_extended(play) for play in plays if play.ended_at < before]
    shown = [play for play in plays if not play.is_private]  # account data cannot mark private plays
    songs = [_of_a_song(play.content, play) for play in shown if isinstance(play.content, Song)]
    episodes = [_of_an_episode(play.content, play) for play in shown if isinstance(play.content, Episode)]
    years = f"{until.year - 1}-{until.year}"
    folder.mkdir(parents=True, exist_ok=True)
    return (
        _write(folder / "my_spotify_data_extended.zip", before, {f"Streaming_History_Audio_{years}": extended}),
        _write(
            folder / "my_spotify_data_account.zip",
            until,
            {
                "StreamingHistory_music": songs,
                "StreamingHistory_podcast": episodes,
                "Userdata": {"username": catalogue.me.id, "email": "mira@example.invalid", "country": "NO"},
            },
        ),
    )


def _write(path: Path, at: datetime, files: dict[str, Any]) -> Path:
    time = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in files.items():
            parts = [value] if isinstance(value, dict) else _parts(value)
            for number, part in enumerate(parts):
                info = zipfile.ZipInfo(f"MyData/{name}_{number}.json", time)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, json.dumps(part, ensure_ascii=False), compresslevel=1)
    return path


def _parts(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [rows[start : start + _ROWS_IN_FILE] for start in range(0, len(rows), _ROWS_IN_FILE)]


# --- what was played


def _plays(catalogue: Catalogue, until: datetime, rng: random.Random) -> Iterator[_Play]:
    """The plays in order of time: two to four sessions a day, each from one playlist or from all songs."""
    choice = _Choice(catalogue)
    first = until.date() - timedelta(days=DAYS)
    for number in range(DAYS):
        day = first + timedelta(days=number)
        if rng.random() < 0.06:  # a day without music
            continue
        ended_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for hour in _sittings(day, rng):
            ended_at = max(ended_at, datetime(day.year, day.month, day.day, hour, rng.randrange(60), tzinfo=UTC))
            is_private = rng.random() < 0.01
            for content in choice.sitting(ended_at, rng):
                ms, reason = _heard(content, rng)
                ended_at += timedelta(milliseconds=ms + rng.randrange(1_500))
                if ended_at >= until:
                    return
                yield _Play(ended_at.replace(microsecond=0), content, ms, reason, is_private)


def _sittings(day: date, rng: random.Random) -> list[int]:
    count = rng.choice((2, 2, 3, 4))
    if day.weekday() >= 5:
        return sorted(rng.choices(_HOURS_AT_WEEKENDS, k=count))
    return sorted(rng.choices(_HOURS, _WEIGHTS, k=count))


def _heard(content: Song | Episode, rng: random.Random) -> tuple[int, str]:
    chance = rng.random()
    if chance < 0.72:
        return content.duration_ms, "trackdone"
    if chance < 0.9:
        return rng.randrange(0, 30_000), "fwdbtn"
    return rng.randrange(30_000, content.duration_ms), rng.choice(("fwdbtn", "endplay", "logout"))


class _Choice:
    """Chooses what a session plays: songs that a playlist has by then, any songs, or a podcast episode."""

    def __init__(self, catalogue: Catalogue) -> None:
        entries = [
            [(item.content, item.added_at) for item in playlist.items if isinstance(item.content, Song)]
            for playlist in catalogue.playlists(0)
        ]
        self._playlists = [entries for entries in entries if entries]
        self._sizes = [min(120, len(entries)) for entries in self._playlists]
        contents = [item.content for playlist in catalogue.playlists(0) for item in playlist.items]
        self._episodes = [content for content in contents if isinstance(content, Episode)]
        self._songs = catalogue.songs
        # A few songs are played very often, in a playlist or not.
        self._shares = list(accumulate((song.base_popularity / 20) ** 3 for song in self._songs))

    def sitting(self, at: datetime, rng: random.Random) -> Sequence[Song | Episode]:
        """The songs or the episode of a session that begins at this time."""
        chance = rng.random()
        if chance < 0.06 and self._episodes:
            return [rng.choice(self._episodes)]
        count = rng.randrange(4, 15)
        if chance < 0.3:
            return rng.choices(self._songs, cum_weights=self._shares, k=count)
        (entries,) = rng.choices(self._playlists, self._sizes)
        songs = [song for song, added_at in entries if added_at is None or added_at <= at]
        favourites = songs[:: max(1, len(songs) // 12)]
        return [rng.choice(favourites if rng.random() < 0.5 else songs) for _ in range(count)] if songs else []


# --- rows as Spotify packages them


def _extended(play: _Play) -> dict[str, Any]:
    song = play.content if isinstance(play.content, Song) else None
    episode = play.content if isinstance(play.content, Episode) else None
    return {
        "ts": f"{play.ended_at:%Y-%m-%dT%H:%M:%SZ}",
        "platform": "android",
        "ms_played": play.ms,
        "conn_country": "NO",
        "ip_addr": "203.0.113.7",
        "master_metadata_track_name": song and song.name,
        "master_metadata_album_artist_name": song and song.album.artists[0].name,
        "master_metadata_album_album_name": song and song.album.name,
        "spotify_track_uri": song and f"spotify:track:{song.id}",
        "episode_name": episode and episode.name,
        "episode_show_name": episode and episode.show.name,
        "spotify_episode_uri": episode and f"spotify:episode:{episode.id}",
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "trackdone",
        "reason_end": play.reason,
        "shuffle": True,
        "skipped": play.reason == "fwdbtn",
        "offline": False,
        "offline_timestamp": None,
        "incognito_mode": play.is_private,
    }


def _of_a_song(song: Song, play: _Play) -> dict[str, Any]:
    end = f"{play.ended_at:%Y-%m-%d %H:%M}"
    return {"endTime": end, "artistName": song.artists[0].name, "trackName": song.name, "msPlayed": play.ms}


def _of_an_episode(episode: Episode, play: _Play) -> dict[str, Any]:
    end = f"{play.ended_at:%Y-%m-%d %H:%M}"
    return {"endTime": end, "podcastName": episode.show.name, "episodeName": episode.name, "msPlayed": play.ms}
