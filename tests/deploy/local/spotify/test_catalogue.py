"""The made-up library is the same on every machine and has every case of a real library."""

import itertools
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import UTC, datetime

import pytest

from deploy.local.spotify.catalogue import Catalogue
from deploy.local.spotify.world import Episode, Item, LocalFile, Playlist, Song

A_WEEK = range(8)


def named(catalogue: Catalogue, name: str, day: int = 0) -> Playlist:
    (playlist_of_name,) = (playlist for playlist in catalogue.playlists(day) if playlist.name == name)
    return playlist_of_name


def songs(items: tuple[Item, ...]) -> list[str]:
    return [item.content.id for item in items if isinstance(item.content, Song)]


def test_a_seed_makes_the_same_days_in_any_order(demo: Catalogue) -> None:
    other = Catalogue(seed=1)

    assert other.playlists(5) == demo.playlists(5)
    assert other.playlists(2) == demo.playlists(2)
    assert other.liked(5) == demo.liked(5)
    assert Catalogue(seed=2).playlists(0) != demo.playlists(0)


def test_a_catalogue_is_the_same_in_another_process(demo: Catalogue) -> None:
    program = "from deploy.local.spotify import Catalogue; print(Catalogue().playlists(3))"
    environment = {"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)

    assert done.stdout.decode().strip() == str(demo.playlists(3))


def test_there_is_no_day_before_the_first(demo: Catalogue) -> None:
    with pytest.raises(ValueError, match="begins with day 0"):
        demo.playlists(-1)


def test_the_snapshot_id_changes_exactly_when_the_playlist_does(demo: Catalogue) -> None:
    for before_day, day in itertools.pairwise(A_WEEK):
        after = {playlist.id: playlist for playlist in demo.playlists(day)}
        for before in demo.playlists(before_day):
            now = after.get(before.id, before)
            is_same = (now.name, now.items) == (before.name, before.items)
            assert (now.snapshot_id == before.snapshot_id) == is_same, (before.name, day)


def test_a_snapshot_id_is_never_used_twice(demo: Catalogue) -> None:
    for playlist in demo.playlists(7):
        seen = [demo.playlist(playlist.id, day).snapshot_id for day in A_WEEK]
        changes = sum(before != after for before, after in itertools.pairwise(seen))
        assert len(set(seen)) == changes + 1, playlist.name


def test_one_playlist_is_renamed_once_a_week_without_another_change(demo: Catalogue) -> None:
    before = named(demo, "Kneipe um drei", day=2)
    after = named(demo, "Kneipe um drei (winter)", day=3)

    assert (after.id, after.items) == (before.id, before.items)
    assert after.snapshot_id != before.snapshot_id


def test_one_playlist_never_changes(demo: Catalogue) -> None:
    assert named(demo, "Road trip 2024", day=7) == named(demo, "Road trip 2024")


def test_one_playlist_is_emptied_on_day_12_and_one_deleted_on_day_26(demo: Catalogue) -> None:
    deleted = named(demo, "Wedding: first draft", day=25)

    assert len(demo.items(named(demo, "Packing list").id, 11)) == 24
    assert demo.items(named(demo, "Packing list").id, 12) == ()
    assert deleted.id not in {playlist.id for playlist in demo.playlists(26)}
    with pytest.raises(KeyError):
        demo.items(deleted.id, 26)


def test_thirty_days_end_on_20_november(demo: Catalogue) -> None:
    last = named(demo, "Everything, always", day=29).items[-1]

    assert last.added_at is not None
    assert last.added_at.date().isoformat() == "2026-11-20"


def test_one_playlist_only_changes_its_order(demo: Catalogue) -> None:
    before, after = named(demo, "बारिश के दिन").items, named(demo, "बारिश के दिन", day=1).items

    assert before != after
    assert Counter(songs(before)) == Counter(songs(after))


def test_songs_come_at_the_end_of_a_playlist_with_the_date_of_the_day(demo: Catalogue) -> None:
    for day in A_WEEK[1:]:
        last = named(demo, "Everything, always", day).items[-1]
        assert last.added_at is not None
        assert last.added_at.date().isoformat() == f"2026-10-{22 + day}"
        assert last.added_at <= datetime(2026, 10, 22 + day, 8, tzinfo=UTC)


def test_songs_also_leave(demo: Catalogue) -> None:
    before = Counter(songs(named(demo, "Everything, always").items))
    after = Counter(songs(named(demo, "Everything, always", day=7).items))

    assert before - after
    assert after - before


def test_liked_songs_are_distinct_songs_newest_first(demo: Catalogue) -> None:
    for day in A_WEEK:
        times = [item.added_at for item in demo.liked(day) if item.added_at]
        assert times == sorted(times, reverse=True)
        assert len(set(songs(demo.liked(day)))) == len(demo.liked(day)) == len(times)
    assert len(demo.liked(0)) == 120
    assert demo.liked(1) != demo.liked(0)


def test_popularity_drifts_and_stays_between_0_and_100(demo: Catalogue) -> None:
    drifted = [song for song in demo.songs if song.popularity(0) != song.popularity(1)]

    assert len(drifted) > 1000
    assert max(abs(song.popularity(14) - song.popularity(0)) for song in demo.songs) >= 8
    assert all(0 <= song.popularity(day) <= 100 for song in demo.songs for day in (0, 1, 30))


def test_the_library_resembles_a_real_one(demo: Catalogue) -> None:
    library = demo.playlists(0)
    items = [item for playlist in library for item in playlist.items]

    assert len(library) == 24
    assert len(demo.songs) == 2600
    assert max(len(playlist.items) for playlist in library) == 1043
    assert {playlist.is_public for playlist in library} == {True, False, None}
    assert {playlist.owner.id for playlist in library} >= {"mira.okt", "spotify"}
    assert any("&amp;" in playlist.description for playlist in library)
    assert sum(item.content is None for item in items) == 6
    assert any(item.added_at is None for item in items)
    assert len({item.added_by for item in named(demo, "Flat 4B kitchen radio").items}) == 4
    assert {type(item.content) for item in named(demo, "Tapes and talks").items} == {LocalFile, Episode}
    assert named(demo, "My playlist #23").items == ()


def test_songs_resemble_real_ones(demo: Catalogue) -> None:
    years = Counter(int(song.album.release_date[:4]) // 10 * 10 for song in demo.songs)
    playlists = Counter(song_id for playlist in demo.playlists(0) for song_id in set(songs(playlist.items)))
    songs_of = Counter(artist.id for song in demo.songs for artist in song.artists)

    assert sorted(years) == [1950, 1960, 1970, 1980, 1990, 2000, 2010, 2020]
    assert years[2010] > years[1990] > years[1960]
    assert {len(song.album.release_date) for song in demo.songs} == {4, 7, 10}
    assert min(song.album.release_date for song in demo.songs) >= "1958"
    assert max(song.album.release_date for song in demo.songs) <= "2026-11-19"
    assert {len(song.artists) for song in demo.songs} == {1, 2, 3, 4}
    assert max(playlists.values()) >= 5
    assert max(songs_of.values()) > 20 * sorted(songs_of.values())[len(songs_of) // 2]
    assert {song.restriction for song in demo.songs} == {None, "market", "product", "explicit"}
    assert all(re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", song.isrc) for song in demo.songs if song.isrc)
    assert any(len(song.album.artists) > 1 for song in demo.songs)
    assert any(artist.name == "Various Artists" for song in demo.songs for artist in song.album.artists)


def test_names_use_many_alphabets(demo: Catalogue) -> None:
    letters = {letter for song in demo.songs for letter in song.name if letter.isalpha()}
    alphabets = {unicodedata.name(letter).split()[0] for letter in letters}

    assert alphabets >= {
        "LATIN",
        "CYRILLIC",
        "GREEK",
        "ARABIC",
        "HEBREW",
        "DEVANAGARI",
        "CJK",
        "HIRAGANA",
        "HANGUL",
        "THAI",
    }


def test_hostile_names_are_in_the_longest_playlist(demo: Catalogue) -> None:
    names = {item.content.name for item in named(demo, "Everything, always").items if isinstance(item.content, Song)}

    assert names >= {"<script>alert(1)</script>", "tab\there", "line\nbreak", 'She said "stop, look, listen"', "null"}
    assert max(map(len, names)) > 400


def test_no_song_was_added_before_it_came_out(demo: Catalogue) -> None:
    for playlist in demo.playlists(0):
        for item in playlist.items:
            if isinstance(item.content, Song) and item.added_at:
                assert item.content.album.release_date[:10] <= item.added_at.date().isoformat()


def test_every_id_has_spotifys_form(demo: Catalogue, small: Catalogue) -> None:
    for catalogue in (demo, small):
        ids = {playlist.id for playlist in catalogue.playlists(0)} | {song.id for song in catalogue.songs}
        ids |= {song.album.id for song in catalogue.songs} | {a.id for song in catalogue.songs for a in song.artists}
        assert all(re.fullmatch(r"[0-9A-Za-z]{22}", spotify_id) for spotify_id in ids)
        assert len({song.id for song in catalogue.songs}) == len(catalogue.songs)


def test_the_small_catalogue_can_be_checked_by_eye(small: Catalogue) -> None:
    def names_on(day: int) -> dict[str, list[object]]:
        return {p.name: [item.content and item.content.name for item in p.items] for p in small.playlists(day)}

    kitchen = ["Crossing", "Demo tape", None, "Late"]
    assert names_on(0) == {
        "Morning": ["Tide", 'Lamp, "lit"', "Tide", "First talk", "雨のワルツ"],
        "Kitchen": kitchen,
        "Brief": ["Late"],
        "Not mine": ["Tide", "Late"],
        "Empty": [],
    }
    assert names_on(1) == {
        "Morning": ["Tide", "Tide", "First talk", "雨のワルツ", "Crossing"],
        "Kitchen radio": kitchen,
        "Not mine": ["Tide", "Late"],
        "Empty": [],
    }
    assert names_on(2) == names_on(1)
    assert len(small.liked(0)) == 3
    assert len(small.liked(1)) == 4


def test_a_local_file_is_named_by_its_tags() -> None:
    file = LocalFile("Half (live)", "A & B", "", 95)

    assert file.uri == "spotify:local:A+%26+B::Half+%28live%29:95"
