"""The small world, typed by hand: five playlists, twelve positions and three liked songs, to be checked by eye.

Ids are names padded with zeros. All changes happen on day 1.
"""

# ruff: noqa: FBT003  # records of a table, in the order of its columns

from dataclasses import replace
from datetime import UTC, datetime

from deploy.local.spotify.world import (
    LIKED,
    Album,
    Artist,
    Episode,
    Item,
    LocalFile,
    Person,
    Playlist,
    Show,
    Song,
    World,
    morning,
)


def _id(name: str) -> str:
    return name.ljust(22, "0")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ME = Person("me", "Mira")
FRIEND = Person("friend", "Фёдор")

ADA = Artist(_id("1artistAda"), "Ada Brightwater")
BO = Artist(_id("1artistBo"), "Bo & the Vänner")
YUI = Artist(_id("1artistYui"), "星野谷しおん")
VARIOUS = Artist(_id("1artistVarious"), "Various Artists")

HARBOUR = Album(_id("1albumHarbour"), "Harbour", "album", (ADA,), "1974", 10)
FERRY = Album(_id("1albumFerry"), "Ferry", "single", (ADA, BO), "2024-03", 1)
SAMPLER = Album(_id("1albumSampler"), "Night Sampler, Vol. 1", "compilation", (VARIOUS,), "2011-06-30", 20)

TIDE = Song(_id("1songTide"), "Tide", (ADA,), HARBOUR, 1, 1, 180_000, False, "GBABC7400001", 40)
LAMP = Song(_id("1songLamp"), 'Lamp, "lit"', (ADA, BO), HARBOUR, 1, 2, 200_500, True, "GBABC7400002", 41)
CROSSING = Song(_id("1songCrossing"), "Crossing", (ADA, BO), FERRY, 1, 1, 150_000, False, "GBABC2400003", 72)
AME = Song(_id("1songAme"), "雨のワルツ", (YUI,), SAMPLER, 2, 7, 240_000, False, None, 15, restriction="market")
LATE = Song(_id("1songLate"), "Late", (BO, YUI, ADA), SAMPLER, 1, 3, 210_000, False, "SEABC1100004", 33)

TALKS = Show(_id("1showTalks"), "Talks", "Studio Kiesweg", "Half an hour.", "de", False, 12)
FIRST_TALK = Episode(_id("1episodeFirst"), "First talk", TALKS, "About ferries.", 1_800_000, "2026-10-01")
DEMO_TAPE = LocalFile("Demo tape", "Ada", "", 95)

MORNING = Playlist(
    *(_id("1playlistMorning"), "Morning", "Coffee &amp; tide", ME, True, False),
    items=(
        Item(TIDE, _at("2026-01-01T07:00:00"), ME),
        Item(LAMP, _at("2026-01-02T07:00:00"), ME),
        Item(TIDE, _at("2026-01-03T07:00:00"), ME),
        Item(FIRST_TALK, _at("2026-10-02T07:00:00"), ME),
        Item(AME, _at("2026-10-03T07:00:00"), ME),
    ),
    follower_count=3,
)
KITCHEN = Playlist(
    *(_id("1playlistKitchen"), "Kitchen", "", FRIEND, False, True),
    items=(
        Item(CROSSING, _at("2026-02-01T18:00:00"), FRIEND),
        Item(DEMO_TAPE, _at("2026-02-02T18:00:00"), ME),
        Item(None, _at("2026-02-03T18:00:00"), None),
        Item(LATE, None, None),
    ),
)
BRIEF = Playlist(_id("1playlistBrief"), "Brief", "", ME, False, False, (Item(LATE, _at("2026-03-01T12:00:00"), ME),))
THEIRS = Playlist(
    *(_id("1playlistTheirs"), "Not mine", "", FRIEND, True, False),
    items=(Item(TIDE, _at("2025-05-05T05:05:05"), FRIEND), Item(LATE, _at("2025-05-06T05:05:05"), FRIEND)),
    follower_count=12,
)
EMPTY = Playlist(_id("1playlistEmpty"), "Empty", "", ME, None, False, ())

LIKES = (
    Item(LATE, _at("2026-06-03T20:00:00"), None),
    Item(CROSSING, _at("2026-06-02T20:00:00"), None),
    Item(TIDE, _at("2026-06-01T20:00:00"), None),
)


def world() -> World:
    """Day 1: Morning gains Crossing and loses Lamp, Kitchen is renamed, Brief is deleted, Lamp is liked."""
    songs = (TIDE, LAMP, CROSSING, AME, LATE)
    return World(ME, songs, (MORNING, KITCHEN, BRIEF, THEIRS, EMPTY), LIKES, _next_day)


def _next_day(playlist: Playlist, day: int) -> Playlist | None:
    if day != 1 or playlist.id not in (MORNING.id, KITCHEN.id, BRIEF.id, LIKED):
        return playlist
    if playlist.id == MORNING.id:
        tide, _, *rest = playlist.items
        return replace(playlist, items=(tide, *rest, Item(CROSSING, morning(1), ME)))
    if playlist.id == KITCHEN.id:
        return replace(playlist, name="Kitchen radio")
    if playlist.id == LIKED:
        return replace(playlist, items=(Item(LAMP, morning(1), None), *playlist.items))
    return None
