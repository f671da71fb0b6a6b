"""Puts the report together from a warehouse's views."""

from markupsafe import Markup

from deploy.local.report.ask import Bi
from deploy.local.report.covers import Covers
from deploy.local.report.library import Library
from deploy.local.report.page import Page
from deploy.local.report.sections.artists import artists
from deploy.local.report.sections.changes import changes
from deploy.local.report.sections.health import health
from deploy.local.report.sections.listening import listening
from deploy.local.report.sections.playlists import playlists
from deploy.local.report.sections.songs import MOST_TILES, songs
from deploy.local.report.sections.story import played, story
from deploy.local.report.sections.time import time
from deploy.local.report.words import minute
from deploy.snowflake.embedded import EmbeddedSnowflake

_NOTHING_YET = Markup(
    "No playlist has been checked yet, so there is nothing to show. <code>make demo</code> shows the whole chain with"
    " made-up playlists; the README says how to load your own. Then make this report again."
)
_PLAYS_ALONE = Markup(
    "No playlist has been checked yet, so this page shows only the listening history. The README says how to load"
    " your playlists."
)


def report(
    warehouse: EmbeddedSnowflake, covers: Covers | None = None, *, is_made_up: bool = False, zone: str = "UTC"
) -> Page:
    """The page of everything in the warehouse; for an empty warehouse, a page that says what to do.

    `zone` is the time zone that the warehouse's listening views were deployed with.
    """
    library = Library(Bi(warehouse), zone)
    if library.checked_at is None:
        plays = listening(library)
        if not plays.lead:
            return Page(_NOTHING_YET)
        return Page(_PLAYS_ALONE, played(library), [plays], is_made_up=is_made_up)
    lead = Markup("Last updated {}. Songs in several playlists are counted once.").format(minute(library.checked_at))
    parts = (changes, playlists, songs, artists, listening, time, health)
    head = story(library)
    keys = [tile.key for _, tile in head.cards] + [album["album_id"] for album in library.albums[:MOST_TILES]]
    pictures = covers.of({key: library.covers[key] for key in keys if key in library.covers}) if covers else {}
    kept = [section for section in (part(library) for part in parts) if section.figures or section.lead]
    return Page(lead, head, kept, pictures, is_made_up)
