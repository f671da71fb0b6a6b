"""Puts the report together from a warehouse's views."""

from markupsafe import Markup

from deploy.local.report.ask import Bi
from deploy.local.report.page import Page
from deploy.local.report.sections.artists import artists
from deploy.local.report.sections.changes import changes
from deploy.local.report.sections.playlists import playlists
from deploy.local.report.sections.songs import songs
from deploy.local.report.sections.years import years
from deploy.local.report.words import figure, minute, span
from deploy.snowflake.embedded import EmbeddedSnowflake

_NOTHING_YET = Markup(
    "No playlist has been looked at yet, so there is nothing to show. <code>make demo</code> shows the whole chain with"
    " made-up playlists; the README says how to take in your own. Then make this report again."
)


def report(warehouse: EmbeddedSnowflake) -> Page:
    """The page of everything in the warehouse; of an empty one, a page that says what to do."""
    bi = Bi(warehouse)
    fresh = bi.one("FRESHNESS", "last_looked_at, last_committed_at, playlist_count")
    if fresh["last_looked_at"] is None:
        return Page(_NOTHING_YET)
    totals = bi.one(
        "TOTALS",
        "song_count, held_song_count, album_count, artist_count, episode_count, playlist_count, duration_minutes",
    )
    tiles = [
        ("playlists", figure(totals["playlist_count"])),
        ("songs", figure(totals["song_count"])),
        ("of these held now", figure(totals["held_song_count"])),
        ("albums", figure(totals["album_count"])),
        ("artists", figure(totals["artist_count"])),
        ("episodes", figure(totals["episode_count"])),
    ]
    lead = Markup("As of {}, the newest look. Each song counts once here").format(minute(fresh["last_looked_at"]))
    lead += f"; all of them together play {span(totals['duration_minutes'])}." if totals["duration_minutes"] else "."
    newest = fresh["last_looked_at"].date()
    return Page(lead, tiles, (changes(bi, newest), playlists(bi), songs(bi), artists(bi), years(bi)))
