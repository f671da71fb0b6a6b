"""The listener's story: a headline, four cards, and the numbers of today."""

from collections import Counter

from deploy.local.report.library import Library
from deploy.local.report.page import Link, Story, Tile
from deploy.local.report.words import count, day, figure, hours, short


def story(library: Library) -> Story:
    """What a listener wants to see first; cards without content are left out."""
    cards = [_artist(library), _favourite(library), _changed(library), _hours(library), _most_played(library)]
    songs = library.held_songs
    headline = "Your Spotify playlists"
    if songs:
        headline = f"{count(len(songs), 'song')}, {hours(library.minutes)} of music"
        if library.artists:
            top = library.artists[0]
            headline += f"; {short(top['artist_name'], 40)} is on {count(top['held_song_count'], 'song')}"
    facts = [
        ("songs in a playlist today", figure(len(songs))),
        ("hours of music", figure(round(library.minutes / 60))),
        ("artists", figure(len(library.artists))),
        ("albums", figure(len(library.albums))),
        ("playlists", figure(len(library.held_playlists))),
    ]
    return Story(headline, [card for card in cards if card], facts)


def played(library: Library) -> Story:
    """The story of a listening history without playlists."""
    card = _most_played(library)
    plays = sum(day["counted_play_count"] for day in library.history.days)
    minutes = sum(day["listening_ms"] for day in library.history.days) / 60_000
    facts = [
        ("plays", figure(plays)),
        ("hours of listening", figure(round(minutes / 60))),
        ("songs played", figure(len(library.history.songs))),
        ("artists played", figure(len(library.history.artists))),
    ]
    return Story(f"{count(plays, 'play')}, {hours(minutes)} of listening", [card] if card else [], facts)


def _most_played(library: Library) -> tuple[str, Tile] | None:
    """The song with the most plays in the listening history."""
    if not library.history.songs:
        return None
    top = library.history.songs[0]
    song = library.songs.get(top["song_id"], {})
    words = count(top["counted_play_count"], "play")
    words = f"{short(top['artist_name'], 40)}, {words}" if top["artist_name"] else words
    key = song.get("album_id") or top["song_key"]
    return "Most played song", Tile(key, Link(top["track_name"], song.get("url")), words)


def _hours(library: Library) -> tuple[str, Tile] | None:
    if not library.held_songs:
        return None
    words = f"{count(len(library.held_songs), 'song')} by {count(len(library.artists), 'artist')}"
    return "To play everything once", Tile("hours", Link(hours(library.minutes), None), words)


def _artist(library: Library) -> tuple[str, Tile] | None:
    if not library.artists:
        return None
    top = library.artists[0]
    words = f"on {count(top['held_song_count'], 'song')} in {count(top['playlist_count'], 'playlist')}"
    return "Artist with the most songs", Tile(top["artist_id"], Link(top["artist_name"], top["url"]), words)


def _favourite(library: Library) -> tuple[str, Tile] | None:
    """The newest liked song; without liked songs the newest addition to any playlist."""
    if library.liked:
        title, item, words = "Newest favourite", library.liked[0], f"liked on {day(library.liked[0]['added_at'])}"
    elif library.added:
        title, item = "Newest addition", library.added[0]
        words = f"added to {short(item['playlist_name'], 30)}"
    else:
        return None
    song = library.songs.get(item["item_uri"].rpartition(":")[2], {})
    words = f"{short(item['artist_names'], 40)}, {words}" if item["artist_names"] else words
    key = song.get("album_id") or item["item_uri"]
    return title, Tile(key, Link(item["item_name"], song.get("url")), words)


def _changed(library: Library) -> tuple[str, Tile] | None:
    """The playlist with the most additions and removals in the newest period."""
    added = Counter(row["playlist_id"] for row in library.in_period(library.added, "entered_by_at"))
    removed = Counter(row["playlist_id"] for row in library.in_period(library.removed, "left_by_at"))
    changed = [
        playlist
        for playlist in library.held_playlists
        if added[playlist["playlist_id"]] + removed[playlist["playlist_id"]]
    ]
    if not changed:
        return None
    top = max(changed, key=lambda playlist: added[playlist["playlist_id"]] + removed[playlist["playlist_id"]])
    key = top["playlist_id"]
    words = f"{figure(added[key])} added and {figure(removed[key])} removed in 7 days"
    return "Playlist that changed most", Tile(key, Link(top["playlist_name"], top["url"]), words)
