"""The source of all numbers on the page: each view is queried once, and numbers are shown as the view has them.

Definitions of the columns: docs/bi-dictionary.md.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cached_property

from deploy.local.report.ask import Bi, Row
from deploy.local.report.history import History

PERIOD = timedelta(days=7)  # the time that the section `What changed` covers
LIKED = "liked:me"
_LIKED_URL = "https://open.spotify.com/collection/tracks"
KINDS = ("song", "episode", "local", "empty", "unavailable", "rejected")


class Library:
    """The rows that the sections share; `zone` is the zone of the listening views."""

    def __init__(self, bi: Bi, zone: str = "UTC") -> None:
        self._bi = bi
        self.history = History(bi, zone)
        self._fresh = bi.only_row("FRESHNESS", "last_checked_at, last_committed_at")

    @property
    def checked_at(self) -> datetime | None:
        """The newest check of any playlist; None in an empty warehouse."""
        checked_at: datetime | None = self._fresh["last_checked_at"]
        return checked_at

    @property
    def committed_at(self) -> datetime | None:
        """The newest commit of a batch."""
        committed_at: datetime | None = self._fresh["last_committed_at"]
        return committed_at

    @cached_property
    def newest(self) -> date:
        """The day of the newest check."""
        assert self.checked_at  # noqa: S101  # a page of an empty warehouse has no sections
        return self.checked_at.date()

    @property
    def since(self) -> date:
        """The first day of the newest period."""
        return self.newest - PERIOD + timedelta(days=1)

    # Playlists

    @cached_property
    def checks(self) -> list[Row]:
        """Every check, the oldest first for each playlist."""
        return self._bi.rows(
            "PLAYLIST_CHECKS",
            "playlist_id, playlist_name, check_number, checked_at, checked_on, status, failure_class, is_known, "
            "item_count, is_complete, missing_count",
            order="playlist_id, check_number",
        )

    @cached_property
    def newest_checks(self) -> list[Row]:
        """The newest check of each playlist."""
        return latest(self.checks)

    @cached_property
    def daily(self) -> list[Row]:
        """Counts of each playlist at the end of each day with a complete check; no rows while it is deleted."""
        counts = ", ".join(f"{kind}_count" for kind in KINDS)
        return self._bi.rows(
            "PLAYLIST_DAILY",
            f"playlist_id, checked_on, distinct_song_count, {counts}, duration_minutes, entered_count, left_count",
            where="is_complete and not is_gone",
            order="playlist_id, checked_on",
        )

    @cached_property
    def playlists(self) -> list[Row]:
        """Every playlist, the largest first.

        `now`: its newest row of `daily`, None if it was deleted or never read. `state`: `deleted`, `couldn't be read`,
        `couldn't be read last time` or `never read`; empty if the newest check succeeded.
        """
        rows = self._bi.rows(
            "PLAYLISTS",
            "playlist_id, playlist_name, url, follower_count, last_checked_at, last_status, last_failure_class",
            order="playlist_name, playlist_id",
        )
        known = {check["playlist_id"]: check for check in self.checks if check["is_known"]}
        newest = {row["playlist_id"]: row for row in self.daily}
        for playlist in rows:
            last = known.get(playlist["playlist_id"])
            is_deleted = last is not None and last["status"] == "gone"
            playlist["now"] = None if is_deleted else newest.get(playlist["playlist_id"])
            playlist["state"] = "deleted" if is_deleted else _state(playlist)
            if playlist["playlist_id"] == LIKED:
                playlist["url"] = playlist["url"] or _LIKED_URL
        rows.sort(key=lambda row: (-song_count(row), row["playlist_name"], row["playlist_id"]))
        return rows

    @cached_property
    def held_playlists(self) -> list[Row]:
        """The playlists whose contents are known, as of their last read."""
        return [playlist for playlist in self.playlists if playlist["now"]]

    @cached_property
    def renamed(self) -> list[Row]:
        """Every new name of a playlist, the newest first."""
        return self._bi.rows(
            "PLAYLIST_NAMES",
            "playlist_id, playlist_name, previous_name, first_checked_at",
            where="previous_name is not null",
            order="first_checked_at desc, playlist_id, name_number desc",
        )

    # Songs

    @cached_property
    def songs(self) -> dict[str, Row]:
        """Every song that a playlist ever showed, by its id; with the number of playlists that have it today."""
        presence = {
            row["song_id"]: row
            for row in self._bi.rows(
                "TOP_SONGS_BY_PRESENCE", "song_id, playlist_count, first_entered_by_at", order="presence_rank, song_id"
            )
        }
        none = {"playlist_count": 0, "first_entered_by_at": None}
        songs = self._bi.rows(
            "SONGS",
            "song_id, song_name, artist_names, album_id, album_name, release_year, duration_minutes, popularity, url",
            order="song_name, song_id",
        )
        return {song["song_id"]: song | presence.get(song["song_id"], none) for song in songs}

    @cached_property
    def held_songs(self) -> list[Row]:
        """The songs in a playlist today, those in the most playlists first."""
        return sorted(
            (song for song in self.songs.values() if song["playlist_count"]),
            key=lambda song: (-song["playlist_count"], str(song["song_name"]), song["song_id"]),
        )

    @cached_property
    def years(self) -> list[Row]:
        """The songs in a playlist today, by year of release."""
        return self._bi.rows(
            "RELEASE_YEARS", "release_year, song_count, album_count, duration_minutes", order="release_year"
        )

    @cached_property
    def minutes(self) -> float:
        """The length of all songs in a playlist today, each counted once."""
        return float(sum(row["duration_minutes"] for row in self.years))

    @cached_property
    def albums(self) -> list[Row]:
        """The albums of the songs in a playlist today, with the `song_count` of these songs, the largest first."""
        counts: dict[str, int] = {}
        for song in self.held_songs:
            if song["album_id"]:
                counts[song["album_id"]] = counts.get(song["album_id"], 0) + 1
        albums = self._bi.rows(
            "ALBUMS", "album_id, album_name, artist_names, release_year, image_url, url", order="album_name, album_id"
        )
        held = [album | {"song_count": counts[album["album_id"]]} for album in albums if album["album_id"] in counts]
        return sorted(held, key=lambda album: -album["song_count"])

    @cached_property
    def covers(self) -> dict[str, str]:
        """The address of each album's cover, by the album's id."""
        return {album["album_id"]: album["image_url"] for album in self.albums if album["image_url"]}

    @cached_property
    def episodes(self) -> list[Row]:
        """Every podcast episode that a playlist ever showed."""
        return self._bi.rows(
            "EPISODES", "episode_id, episode_name, show_name, duration_minutes, url", order="show_name, episode_name"
        )

    @cached_property
    def moved_popularity(self) -> list[Row]:
        """The newest change of each song's popularity, the greatest first."""
        rows = self._bi.rows(
            "SONG_POPULARITY_INTERVALS",
            "song_id, song_name, popularity, popularity_change, observed_from_at, interval_number",
            where="popularity_change is not null",
            order="song_id, interval_number",
        )
        newest = {row["song_id"]: row for row in rows}.values()
        return sorted(newest, key=lambda row: (-abs(row["popularity_change"]), str(row["song_name"]), row["song_id"]))

    @cached_property
    def stays(self) -> list[Row]:
        """Every stay of an item in a playlist, the longest first."""
        return self._bi.rows(
            "LONGEST_STAYS",
            "stay_rank, playlist_name, item_uri, item_name, artist_names, stay_days, state",
            order="stay_rank, playlist_name, item_name, item_uri, stay_number",
        )

    @cached_property
    def added(self) -> list[Row]:
        """Every stay that began since the playlist was first read, the newest first."""
        return self._bi.rows(
            "RECENTLY_ENTERED",
            "playlist_id, playlist_name, item_uri, item_kind, item_name, artist_names, stay_number, entered_by_at,"
            " added_at",
            order="recency_rank, playlist_name, playlist_id, item_name, item_uri, stay_number",
        )

    @cached_property
    def removed(self) -> list[Row]:
        """Every stay that ended, the newest first; also stays that ended because the playlist was deleted."""
        return self._bi.rows(
            "RECENTLY_LEFT",
            "playlist_id, playlist_name, item_uri, item_kind, item_name, artist_names, left_by_at, state",
            order="recency_rank, playlist_name, playlist_id, item_name, item_uri, stay_number",
        )

    @cached_property
    def liked(self) -> list[Row]:
        """The liked songs of today by when they were liked, the newest first."""
        return self._bi.rows(
            "PLAYLIST_MEMBERSHIP",
            "item_uri, song_id, item_name, artist_names, added_at",
            LIKED,
            where="playlist_id = %s and left_by_at is null and song_id is not null and added_at is not null",
            order="added_at desc, item_name, item_uri",
        )

    # Artists

    @cached_property
    def artists(self) -> list[Row]:
        """The artists of the songs in a playlist today, those with the most songs first."""
        urls = {row["artist_id"]: row["url"] for row in self._bi.rows("ARTISTS", "artist_id, url", order="artist_id")}
        rows = self._bi.rows(
            "ARTIST_SUMMARY",
            "artist_id, artist_name, held_song_count, playlist_count, collaborator_count, first_release_year,"
            " last_release_year",
            where="held_song_count > 0",
            order="held_song_count desc, artist_name, artist_id",
        )
        return [row | {"url": urls.get(row["artist_id"])} for row in rows]

    @cached_property
    def rise(self) -> list[Row]:
        """How many songs of each artist were in playlists at the end of each day."""
        return self._bi.rows(
            "ARTIST_RISE", "artist_id, artist_name, checked_on, song_count", order="artist_id, checked_on"
        )

    @cached_property
    def pairs(self) -> list[Row]:
        """Pairs of artists who share songs, those with the most shared songs first."""
        return self._bi.rows(
            "ARTIST_COLLABORATIONS",
            "artist_id, artist_name, other_artist_id, other_artist_name, song_count, first_release_year,"
            " last_release_year",
            order="song_count desc, artist_id, other_artist_id",
        )

    def in_period(self, rows: Sequence[Row], column: str) -> list[Row]:
        """The rows of the newest period; `column` has their time."""
        return [row for row in rows if row[column].date() >= self.since]


def _state(playlist: Row) -> str:
    if playlist["last_status"] == "failed":
        return "couldn't be read" if playlist["now"] is None else "couldn't be read last time"
    return "" if playlist["now"] else "never read"


def latest(checks: Sequence[Row]) -> list[Row]:
    """The newest check of each playlist; `checks` are ordered by time for each playlist."""
    return list({check["playlist_id"]: check for check in checks}.values())


def song_count(playlist: Row) -> int:
    """How many different songs a playlist has; -1 if its contents are not known."""
    return playlist["now"]["distinct_song_count"] if playlist["now"] else -1


def entry_count(row: Row) -> int:
    """How many entries of all kinds a playlist has, repeats included."""
    return sum(row[f"{kind}_count"] for kind in KINDS)
