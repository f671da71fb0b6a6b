"""Hypothesis strategies for playlist rows: mostly usual values, sometimes an odd one.

An `@` in an id is replaced where several worlds must not meet, see test_properties.py.
"""

from typing import Any

from hypothesis import strategies as st

from tests.glue_jobs.documents import ALBUM_KEYS, ARTIST_KEYS, EPISODE_KEYS, TRACK_KEYS, Json, row

texts = st.text(st.characters(exclude_characters="@w", exclude_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-5, 2**33) | st.floats(allow_nan=False, allow_infinity=False) | texts
odd = scalars | st.lists(scalars, max_size=2) | st.dictionaries(texts, scalars, max_size=2)


def mostly(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual value in 19 of 20 draws, else an odd one."""
    return st.integers(0, 19).flatmap(lambda n: usual if n else odd)


def ids(kind: str) -> st.SearchStrategy[Any]:
    """A few ids, so that documents share them; odd ids occur in every world."""
    usual = st.sampled_from([f"{kind}{n}@" for n in range(6)])
    return st.integers(0, 19).flatmap(lambda n: usual if n else st.sampled_from([None, "", [], {"id": "x"}]))


def things(required: Json, optional: Json, keys: Json | None = None) -> st.SearchStrategy[Json]:
    """Objects that always have `keys`, if only with null: absent keys would leave tables out."""
    return st.fixed_dictionaries(required, optional=optional).map(lambda thing: (keys or {}) | thing)


artists = mostly(
    st.lists(mostly(things({"id": ids("a"), "name": texts}, {"uri": mostly(texts)}, ARTIST_KEYS)), max_size=4)
)
albums = mostly(
    things(
        {"id": ids("al"), "name": texts, "artists": artists},
        {
            "release_date": mostly(st.sampled_from(["1999", "2001-05", "2001-05-07", "0000", "2026-02-30"])),
            "total_tracks": mostly(st.integers(0, 99)),
            "images": mostly(st.lists(things({"url": texts}, {}), max_size=2)),
        },
        ALBUM_KEYS,
    )
)
songs = things(
    {
        "type": st.just("track"),
        "id": ids("s"),
        "name": mostly(texts),
        "artists": artists,
        "album": albums,
    },
    {
        "duration_ms": mostly(st.integers(0, 10**7)),
        "popularity": mostly(st.integers(0, 100)),
        "explicit": mostly(st.booleans()),
        "available_markets": mostly(st.lists(st.sampled_from(["SE", "NO"]), max_size=2)),
        "external_ids": mostly(things({}, {"isrc": texts})),
        "track": st.booleans(),
    },
    TRACK_KEYS,
)
episodes = things(
    {"type": st.just("episode"), "id": ids("e"), "name": texts, "uri": st.just("spotify:episode:e")},
    {"show": mostly(things({"id": ids("sh"), "name": texts}, {})), "release_date": mostly(texts)},
    EPISODE_KEYS,
)
locals_ = st.just({"type": "track", "id": None, "uri": "spotify:local:A:B:C:1"})
KINDS = (songs, songs, songs, songs, songs, episodes, locals_, st.none())
entries = mostly(st.sampled_from(KINDS).flatmap(lambda kind: kind))
times = mostly(st.sampled_from([None, "2026-07-01T08:00:00Z", "2026-07-01T08:00:00.5Z", "2026-07-01"]))
rows = st.builds(lambda entry, at, by: row(entry) | {"added_at": at, "added_by": by}, entries, times, odd)
playlists = st.lists(rows, min_size=1, max_size=8)
