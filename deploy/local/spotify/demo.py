"""The demo world: a listener's library with realistic distributions, drawn from a seed.

Few artists are on many songs, most are on few. Artists mostly collaborate within a language. Old albums have only a
release year. The changes of a day depend only on seed, playlist and day.
"""

# ruff: noqa: PLR2004, RUF001, S311  # probabilities are clearest where they are used; many alphabets; no secrets

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from deploy.local.spotify.words import HOSTILE_TITLES, LANGUAGES, PODCASTS, Language
from deploy.local.spotify.world import (
    LIKED,
    Album,
    AlbumType,
    Artist,
    Episode,
    Item,
    LocalFile,
    Person,
    Playlist,
    Show,
    Song,
    World,
    new_id,
)

SONG_COUNT = 2600
ARTIST_COUNT = 700
LIKED_COUNT = 120
SIZES: dict[AlbumType, tuple[int, int]] = {"album": (8, 16), "single": (1, 3), "compilation": (18, 60)}
FIRST_DAY = datetime(2026, 10, 22, 8, tzinfo=UTC)  # the thirtieth day is 20 November
LAST_RELEASE = date(2026, 10, 16)
EMPTIED_ON, DELETED_ON = 12, 26  # days, from 0

ME = Person("mira.okt", "Mira Oktober")
ANNA = Person("anna_lüders", "Anna 🌻")
JOAO = Person("31kq7joao5dmx2v4q6z8t0w3y5u7", "João")
YUKI = Person("yuki-m", "ゆき")
STRANGER = Person("31zz9w8x7c6v5b4n3m2k1j0h9g8f", None)
SPOTIFY = Person("spotify", "Spotify")

Habit = Literal["daily", "weekly", "moved", "renamed", "still", "emptied", "deleted"]


@dataclass(frozen=True)
class Plan:
    """How a playlist starts and changes; without languages it has songs of all languages."""

    name: str
    size: int
    habit: Habit
    description: str = ""
    languages: str = ""
    years: tuple[int, int] = (1958, 2026)
    owner: Person = ME
    is_public: bool | None = True
    adders: tuple[Person, ...] = ()
    oddities: Literal["none", "some", "all"] = "none"


PLANS = (
    Plan("Everything, always", 1043, "daily", "All of it. Don&#x27;t shuffle &amp; don&#x27;t judge.", oddities="some"),
    Plan("Morning coffee", 84, "daily", "soft start", years=(1995, 2026)),
    Plan("Вечерние огни", 61, "daily", "для долгих вечеров", languages="ru uk"),
    Plan("Noche de verano", 73, "daily", languages="es pt"),
    Plan("深夜のドライブ", 58, "daily", "首都高で聴く", languages="ja", is_public=False),
    Plan("서울의 밤", 66, "daily", languages="ko"),
    Plan("Σαββατόβραδο", 40, "weekly", languages="el"),
    Plan("ليالي الصيف", 42, "weekly", languages="ar"),
    Plan("שישי בצהריים", 31, "weekly", languages="he"),
    Plan("बारिश के दिन", 47, "moved", "चाय &amp; पकौड़े", languages="hi"),
    Plan("คืนวันฝนตก", 28, "weekly", languages="th vi"),
    Plan("Café & croissants", 52, "daily", "Paris &lt;3 &quot;le dimanche&quot;", languages="fr"),
    Plan("Kneipe um drei", 55, "renamed", languages="de sv is pl", is_public=False),
    Plan("城市慢行", 37, "weekly", languages="zh"),
    Plan("Road trip 2024", 96, "still", "Lisboa &#x2F; Porto &#x2F; Vigo", years=(1975, 2024)),
    Plan("Old vinyl", 120, "moved", "what the attic held", years=(1958, 1984), oddities="some"),
    Plan("WORKOUT!!! 🔥", 88, "daily", years=(2012, 2026)),
    Plan("Packing list", 24, "emptied", is_public=False),
    Plan("Wedding: first draft", 45, "deleted", "DO NOT SHARE", is_public=False),
    Plan("Friday office", 130, "daily", "Ask before you skip", owner=STRANGER),
    Plan(
        "Flat 4B kitchen radio",
        112,
        "daily",
        "anyone may add",
        owner=ANNA,
        is_public=False,
        adders=(ANNA, ME, JOAO, YUKI),
    ),
    Plan("Nowhere Top 50", 50, "moved", "The hits of no place at all.", years=(2025, 2026), owner=SPOTIFY),
    Plan("My playlist #23", 0, "still", is_public=None),
    Plan("Tapes and talks", 32, "still", "from the old laptop", is_public=False, oddities="all"),
)
LIKES = Plan("Liked Songs", LIKED_COUNT, "daily")
RENAMES = ("", " (winter)", " – final", " – final final", " ♥")


def world(seed: int) -> World:
    """The demo world; the same seed makes the same world."""
    return _Maker(seed).world()


@dataclass
class _Maker:
    seed: int
    rng: random.Random = field(init=False)
    languages: dict[str, str] = field(default_factory=dict)  # of a song, by its id
    pools: dict[str, "_Pool"] = field(default_factory=dict)  # the songs that a playlist draws from, by its id
    plans: dict[str, Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def world(self) -> World:
        scenes = [_Scene.of(language, self.rng) for language in LANGUAGES]
        songs = self.songs(scenes)
        episodes = self.episodes()
        playlists = tuple(self.playlist(plan, songs, episodes) for plan in PLANS)
        self.plans[LIKED] = LIKES
        self.pools[LIKED] = _Pool(songs)
        picked = {song.id: song for song in self.pools[LIKED].take(self.rng, LIKED_COUNT * 2)}
        liked = self.items(LIKES, list(picked.values())[:LIKED_COUNT])
        liked = [replace(item, added_by=None) for item in reversed(liked)]
        return World(ME, songs, playlists, tuple(liked), self.next_day)

    # Records

    def songs(self, scenes: Sequence["_Scene"]) -> tuple[Song, ...]:
        songs: list[Song] = []
        shares = [scene.language.share for scene in scenes]
        while len(songs) < SONG_COUNT:
            (scene,) = self.rng.choices(scenes, shares)
            songs += self.record(scene, scenes)
        places = self.rng.sample(range(SONG_COUNT), len(HOSTILE_TITLES))
        for place, title in zip(places, HOSTILE_TITLES, strict=True):
            songs[place] = replace(songs[place], name=title)
        return tuple(songs)

    def record(self, scene: "_Scene", scenes: Sequence["_Scene"]) -> list[Song]:
        rng = self.rng
        star = scene.artist(rng)
        (kind,) = rng.choices(list(SIZES), (55, 37, 8))
        released = _released(rng)
        total = rng.randint(*SIZES[kind])
        tracks = sorted(rng.sample(range(1, total + 1), min(total, rng.choice((1, 2, 3, 4, 5, 7, 9)))))
        credited: tuple[Artist, ...] = (scene.various,) if kind == "compilation" else (star,)
        if kind != "compilation" and rng.random() < 0.08:
            credited = tuple(dict.fromkeys((star, scene.artist(rng))))
        titles = [scene.title(rng) for _ in tracks]
        name = titles[0] if kind == "single" else scene.title(rng)
        if kind == "compilation":
            name += f", Vol. {rng.randint(1, 9)}"
        album = Album(new_id(rng), name, kind, credited, _date_text(rng, released), total)
        registrant = "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=3))
        fame = scene.fame(star)
        songs = []
        for track, title in zip(tracks, titles, strict=True):
            lead = (scene.artist(rng),) if kind == "compilation" else credited
            artists = tuple(dict.fromkeys((*lead, *self.guests(scene, scenes))))[:4]
            isrc = f"{scene.language.country}{registrant}{released:%y}{rng.randint(0, 99999):05}"
            songs.append(
                Song(
                    id=new_id(rng),
                    name=title + self.suffix(artists[len(lead) :], released),
                    artists=artists,
                    album=album,
                    disc_number=1 + (track - 1) // 20,
                    track_number=1 + (track - 1) % 20,
                    duration_ms=int(min(900, max(62, rng.gauss(216, 48))) * 1000) + rng.randint(0, 999),
                    is_explicit=released.year > 1988 and rng.random() < 0.13,
                    isrc=isrc if rng.random() < 0.98 else None,
                    base_popularity=min(97, max(0, round(rng.betavariate(2, 4) * 70 + fame * 35))),
                    restriction=rng.choices((None, "market", "product", "explicit"), (980, 14, 3, 3))[0],
                    linked_from_id=new_id(rng) if rng.random() < 0.02 else None,
                )
            )
            self.languages[songs[-1].id] = scene.language.code
        return songs

    def guests(self, scene: "_Scene", scenes: Sequence["_Scene"]) -> list[Artist]:
        """Guest artists: none on most songs; mostly of the same language, popular artists more often."""
        (count,) = self.rng.choices((0, 1, 2, 3), (68, 22, 7, 3))
        abroad = self.rng.random() < 0.15
        return [(self.rng.choice(scenes) if abroad else scene).artist(self.rng) for _ in range(count)]

    def suffix(self, guests: Sequence[Artist], released: date) -> str:
        if guests and self.rng.random() < 0.6:
            return f" (feat. {' & '.join(artist.name for artist in guests)})"
        if released.year < 1995 and self.rng.random() < 0.25:
            return f" - Remastered {self.rng.randint(2001, 2024)}"
        return (
            self.rng.choice((" - Live", " - Acoustic", " - Radio Edit", " (Interlude)"))
            if self.rng.random() < 0.07
            else ""
        )

    def episodes(self) -> list[Episode]:
        rng = self.rng
        episodes = []
        for podcast in PODCASTS:
            name, publisher, language = podcast["name"], podcast["publisher"], podcast["language"]
            show = Show(
                *(new_id(rng), name, publisher, f"{name}, by {publisher}.", language),
                is_explicit=False,
                total_episodes=rng.randint(20, 400),
            )
            for number in sorted(rng.sample(range(1, show.total_episodes), 4)):
                day = date(2026, 11, 1) - timedelta(days=7 * (show.total_episodes - number))
                title = f"#{number} {name}"
                episodes.append(
                    Episode(new_id(rng), title, show, f"{title} <br> & more", rng.randint(9, 90) * 60_000, f"{day}")
                )
        return episodes

    # Playlists

    def playlist(self, plan: Plan, songs: Sequence[Song], episodes: Sequence[Episode]) -> Playlist:
        rng = self.rng
        playlist_id = "37i9dQZF1" + new_id(rng)[9:] if plan.owner is SPOTIFY else new_id(rng)
        pool = _Pool(
            [
                song
                for song in songs
                if (not plan.languages or self.languages[song.id] in plan.languages.split())
                and plan.years[0] <= int(song.album.release_date[:4]) <= plan.years[1]
            ]
        )
        self.plans[playlist_id] = plan
        self.pools[playlist_id] = pool
        contents: list[Song | Episode | LocalFile | None] = list(pool.take(rng, plan.size))
        if plan.oddities == "all":
            contents = [rng.choice(episodes) if rng.random() < 0.4 else _local_file(rng) for _ in contents]
        if plan.oddities == "some":
            hostile = [song for song in songs if song.name in HOSTILE_TITLES] if plan.size > 1000 else []
            odd = [*hostile, *rng.sample(episodes, 6), *(_local_file(rng) for _ in range(5)), None, None, None]
            for place, content in zip(rng.sample(range(plan.size), len(odd)), odd, strict=True):
                contents[place] = content
        items = self.items(plan, contents)
        if plan.name == "Old vinyl":  # older than Spotify's record of when and by whom items were added
            items[:9] = [replace(item, added_at=None, added_by=None) for item in items[:9]]
        return Playlist(
            id=playlist_id,
            name=plan.name,
            description=plan.description,
            owner=plan.owner,
            is_public=plan.is_public,
            is_collaborative=bool(plan.adders),
            items=tuple(items),
            follower_count=1_204_377 if plan.owner is SPOTIFY else rng.choice((0, 0, 0, 1, 2, 14)),
        )

    def adder(self, plan: Plan, rng: random.Random) -> Person | None:
        return None if plan.owner is SPOTIFY else rng.choice(plan.adders or (plan.owner,))

    def items(self, plan: Plan, contents: Sequence[Song | Episode | LocalFile | None]) -> list[Item]:
        """Times of addition over some years, mostly several at once, none before its release; oldest first."""
        start = FIRST_DAY - timedelta(days=self.rng.randint(200, 2500))
        items = []
        for content in contents:
            released = f"{content.album.release_date}-01-01"[:10] if isinstance(content, Song) else "1958-01-01"
            since = max(start, datetime.fromisoformat(released).replace(tzinfo=UTC) + timedelta(days=1))
            session = self.rng.randrange(int((FIRST_DAY - since).total_seconds()) - 1200) // 9000 * 9000
            seconds = session + self.rng.randrange(1200)
            items.append(Item(content, since + timedelta(seconds=seconds), self.adder(plan, self.rng)))
        return sorted(items, key=lambda item: item.added_at or FIRST_DAY)

    # Days

    def next_day(self, playlist: Playlist, day: int) -> Playlist | None:
        plan = self.plans[playlist.id]
        rng = random.Random(f"{self.seed}/{playlist.id}/{day}")
        is_weekly_day = day % 7 == 3
        habit = "daily" if plan.habit == "weekly" and is_weekly_day else plan.habit
        if habit == "deleted" and day >= DELETED_ON:
            return None
        if habit == "emptied" and day >= EMPTIED_ON:
            return replace(playlist, items=())
        if habit == "renamed" and is_weekly_day:
            return replace(playlist, name=plan.name + RENAMES[(day // 7 + 1) % len(RENAMES)])
        if habit == "moved":
            return replace(playlist, items=_moved(playlist.items, rng))
        if habit == "daily":
            return replace(playlist, items=self.changed(playlist, plan, day, rng))
        return playlist

    def changed(self, playlist: Playlist, plan: Plan, day: int, rng: random.Random) -> tuple[Item, ...]:
        """Removes some songs, sometimes moves a song, adds new songs at the end (for liked songs: at the top)."""
        items = list(playlist.items)
        for _ in range(rng.randint(0, min(2, len(items)))):
            del items[rng.randrange(len(items))]
        is_liked = playlist.id == LIKED
        if rng.random() < 0.3 and not is_liked:
            items = list(_moved(items, rng))
        known = {item.content.id for item in items if isinstance(item.content, Song)} if is_liked else set()
        songs = [song for song in self.pools[playlist.id].take(rng, rng.randint(1, 4)) if song.id not in known]
        songs = list({song.id: song for song in songs}.values())
        times = sorted(FIRST_DAY + timedelta(days=day) - timedelta(seconds=rng.randrange(8 * 3600)) for _ in songs)
        new = [
            Item(song, at, None if is_liked else self.adder(plan, rng)) for song, at in zip(songs, times, strict=True)
        ]
        return (*reversed(new), *items) if is_liked else (*items, *new)


@dataclass(frozen=True)
class _Scene:
    """The artists of a language, popular artists first: the r-th artist is drawn with weight 1/r."""

    language: Language
    artists: tuple[Artist, ...]
    reach: tuple[float, ...]
    various: Artist

    @classmethod
    def of(cls, language: Language, rng: random.Random) -> "_Scene":
        solo = [language.joint.join(pair) for pair in itertools.product(language.first_names, language.family)]
        count = ARTIST_COUNT * language.share // 100
        names = [*language.bands, *rng.sample(solo, min(len(solo), max(4, count - len(language.bands))))]
        rng.shuffle(names)
        artists = tuple(Artist(new_id(rng), name) for name in names)
        reach = tuple(itertools.accumulate((rank + 2) ** -0.95 for rank in range(len(artists))))
        return cls(language, artists, reach, Artist("7VariousArtistsOfTheSt", "Various Artists"))

    def artist(self, rng: random.Random) -> Artist:
        return rng.choices(self.artists, cum_weights=self.reach)[0]

    def fame(self, artist: Artist) -> float:
        return 1 / (1 + self.artists.index(artist) / 6)

    def title(self, rng: random.Random) -> str:
        head = rng.choice(self.language.heads)
        return head if rng.random() < 0.25 else head + self.language.joint + rng.choice(self.language.tails)


class _Pool:
    """Songs to draw from; popular songs are drawn more often, so that a song gets into many playlists."""

    def __init__(self, songs: Sequence[Song]) -> None:
        self.songs = songs
        self.places = range(len(songs))
        self.weights = list(itertools.accumulate(1 + (song.base_popularity / 25) ** 3 for song in songs))

    def take(self, rng: random.Random, count: int) -> list[Song]:
        """`count` songs; sometimes a song is there twice."""
        drawn: set[int] = set()
        places: list[int] = []
        while len(places) < count:
            (place,) = rng.choices(self.places, cum_weights=self.weights)
            if place not in drawn or len(drawn) == len(self.songs) or rng.random() < 0.01:
                drawn.add(place)
                places.append(place)
        return [self.songs[place] for place in places]


def _released(rng: random.Random) -> date:
    """A release year, 1958 to 2026: mostly recent, but some from every decade."""
    year = int(2026 - min(68, rng.expovariate(1 / 15)))
    return min(LAST_RELEASE, date(year, 1, 1) + timedelta(days=rng.randrange(365)))


def _date_text(rng: random.Random, released: date) -> str:
    if released.year < 1990 and rng.random() < 0.5:
        return f"{released:%Y}"
    return f"{released:%Y-%m}" if rng.random() < 0.03 else f"{released}"


def _local_file(rng: random.Random) -> LocalFile:
    language = rng.choice(LANGUAGES)
    title = rng.choice(language.heads) + language.joint + rng.choice(language.tails)
    artist = rng.choice((*language.bands, ""))
    return LocalFile(title, artist, rng.choice(("", "Demo, side A", "Tape 3")), rng.randint(40, 600))


def _moved(items: Sequence[Item], rng: random.Random) -> tuple[Item, ...]:
    """The items with one item moved to another position."""
    if len(items) < 2:
        return tuple(items)
    kept = list(items)
    source = rng.randrange(len(kept))
    item = kept.pop(source)
    target = rng.randrange(len(kept))
    kept.insert(target + (target >= source), item)
    return tuple(kept)
