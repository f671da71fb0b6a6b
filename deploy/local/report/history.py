"""Rows of the views of plays; each view is queried once, and only if there is a listening history.

Columns: docs/bi-dictionary.md.
"""

from functools import cached_property

from deploy.local.report.ask import Bi, Row

_COUNTS = "play_count, counted_play_count, listening_ms"


class History:
    """What was played and when, of every account in the warehouse. `zone` is the zone of the columns local_...."""

    def __init__(self, bi: Bi, zone: str) -> None:
        self._bi = bi
        self.zone = zone

    @cached_property
    def days(self) -> list[Row]:
        """Each account's days with plays, the oldest first; empty without a listening history."""
        return self._bi.rows("PLAYS_DAILY", f"account, played_on, {_COUNTS}", order="played_on, account")

    @cached_property
    def local_days(self) -> list[Row]:
        """Each account's days with plays, by the days of the zone."""
        if self.zone == "UTC":
            return [row | {"local_played_on": row["played_on"]} for row in self.days]
        return self._bi.rows(
            "PLAYS_DAILY_LOCAL", f"account, local_played_on, {_COUNTS}", order="local_played_on, account"
        )

    @property
    def accounts(self) -> list[str]:
        """The labels of the accounts."""
        return sorted({row["account"] for row in self.days})

    @cached_property
    def hours(self) -> list[Row]:
        """Each account's hours of the week with plays, in UTC and in the zone."""
        clocks = "played_weekday, played_hour, local_played_weekday, local_played_hour"
        return self._bi.rows("PLAYS_BY_HOUR", f"account, {clocks}, {_COUNTS}", order=f"{clocks}, account")

    @cached_property
    def songs(self) -> list[Row]:
        """Every song that was played, the most played first."""
        return self._bi.rows(
            "TOP_PLAYED_SONGS",
            f"account, play_rank, listening_rank, song_key, song_id, track_name, artist_name, {_COUNTS},"
            " first_played_at, last_played_at",
            order="play_rank, track_name, song_key, account",
        )

    @cached_property
    def artists(self) -> list[Row]:
        """Every artist who was played, the most played first."""
        return self._bi.rows(
            "TOP_PLAYED_ARTISTS",
            f"account, play_rank, listening_rank, artist_name, song_count, {_COUNTS}, first_played_at, last_played_at",
            order="play_rank, artist_name, account",
        )

    @cached_property
    def albums(self) -> list[Row]:
        """Every album that was played, the most played first."""
        return self._bi.rows(
            "TOP_PLAYED_ALBUMS",
            f"account, play_rank, listening_rank, artist_name, album_name, song_count, {_COUNTS}, first_played_at,"
            " last_played_at",
            order="play_rank, album_name, artist_name, account",
        )

    @cached_property
    def months(self) -> list[Row]:
        """Each account's listening time per month: of all songs, and of songs that are in a playlist today."""
        return self._bi.rows(
            "LISTENING_FROM_PLAYLISTS",
            "account, month_begins_on, listening_ms, kept_listening_ms",
            order="month_begins_on, account",
        )

    @cached_property
    def never_played(self) -> list[Row]:
        """Songs in a playlist today that the account never played."""
        return self._bi.rows(
            "SONGS_NEVER_PLAYED", "account, song_id, song_name, artist_names", order="song_name, song_id, account"
        )

    @cached_property
    def outside(self) -> list[Row]:
        """Songs that were played and are in no playlist today, the most played first."""
        return self._bi.rows(
            "PLAYED_OUTSIDE_PLAYLISTS",
            f"account, song_id, track_name, artist_name, {_COUNTS}, last_played_at",
            order="counted_play_count desc, track_name, song_id, account",
        )

    @cached_property
    def entries(self) -> list[Row]:
        """Songs that entered a playlist, with the account's plays before and after; those without plays are absent."""
        return self._bi.rows(
            "PLAYS_AROUND_ENTRY",
            "account, playlist_id, playlist_name, song_id, stay_number, entered_at, before_count, after_count",
            where="before_count + after_count > 0",
            order="after_count desc, before_count desc, playlist_name, playlist_id, song_id, stay_number, account",
        )
