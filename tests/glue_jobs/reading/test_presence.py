"""A dropped row from which keys are absent feeds only the tables whose columns are all present."""

from pathlib import Path

import pytest

from glue_jobs.reading.part import PartReport
from shared.document import write_document
from tests.glue_jobs.documents import Json, as_bytes, raw_line
from tests.glue_jobs.reading.test_part import Lake

ARTIST = {"id": "a1", "name": "Ada", "uri": "spotify:artist:a1", "external_urls": {"spotify": "u"}}
ALBUM = {
    "id": "al1",
    "name": "First",
    "album_type": "album",
    "artists": [ARTIST],
    "release_date": "2020-01-02",
    "release_date_precision": "day",
    "total_tracks": 2,
    "uri": "spotify:album:al1",
}
TRACK = {
    "id": "s1",
    "name": "A song",
    "type": "track",
    "uri": "spotify:track:s1",
    "duration_ms": 1000,
    "explicit": False,
    "disc_number": 1,
    "track_number": 1,
    "artists": [ARTIST],
    "album": ALBUM,
}
PAGE = {"href": "https://api.spotify.com/v1/playlists/p1/tracks", "offset": 0, "total": 1}


def fed(report: PartReport) -> dict[str, int]:
    """The number of rows that go into each table."""
    rows = report.made - report.refused - report.left_out
    return dict(+rows)


def without(value: Json, *keys: str) -> Json:
    return {key: child for key, child in value.items() if key not in keys}


EVERYTHING = {"songs", "albums", "artists", "song_artists", "album_artists", "playlist_items", "playlist_checks"}
BARE = {"name": "A song", "id": "s1", "artists": [{"name": "Ada"}], "album": {"name": "First"}}
ABSENT_IN_BARE = {
    "songs": {"album.id", "disc_number", "duration_ms", "explicit", "track_number", "uri"},
    "albums": {
        "album.album_type",
        "album.id",
        "album.release_date",
        "album.release_date_precision",
        "album.total_tracks",
        "album.uri",
    },
    "artists": {"artists.id", "artists.uri"},
    "song_artists": {"artists.id"},
}


@pytest.mark.parametrize("is_page", [True, False])
@pytest.mark.parametrize(
    ("track", "left_out", "absent"),
    [
        (TRACK, {}, {}),
        (TRACK | {"duration_ms": None, "album": ALBUM | {"album_type": None}}, {}, {}),
        (without(TRACK, "duration_ms"), {"songs": 1}, {"songs": {"duration_ms"}}),
        (TRACK | {"album": without(ALBUM, "release_date")}, {"albums": 1}, {"albums": {"album.release_date"}}),
        # Two artists of the song and one of the album.
        (TRACK | {"artists": [ARTIST, without(ARTIST, "uri")]}, {"artists": 3}, {"artists": {"artists.uri"}}),
        (BARE, {"songs": 1, "albums": 1, "artists": 1, "song_artists": 1}, ABSENT_IN_BARE),
        (without(TRACK, "album"), {"songs": 1}, {"songs": {"album"}}),
    ],
)
def test_absent_keys_keep_a_row_out_of_their_tables(
    tmp_path: Path, track: Json, left_out: dict[str, int], absent: dict[str, set[str]], *, is_page: bool
) -> None:
    rows = [{"added_at": "2024-01-01T00:00:00Z", "track": track}]

    report = Lake(tmp_path, a=as_bytes(PAGE | {"items": rows} if is_page else rows)).read()

    without_rows = (
        {"albums", "album_artists"} if "album" not in track else {"album_artists"} if track == BARE else set()
    )
    assert fed(report).keys() == EVERYTHING - left_out.keys() - without_rows
    assert (report.left_out, report.absent_keys) == (left_out, absent)
    assert (report.refused, report.rejects) == ({}, {})


@pytest.mark.parametrize("is_page", [True, False])
def test_a_page_is_left_out_only_where_each_of_its_rows_lacks_a_key(tmp_path: Path, *, is_page: bool) -> None:
    rows = [
        {"track": without(TRACK, "duration_ms", "track_number")},
        {"track": without(TRACK, "explicit") | {"album": without(ALBUM, "uri")}},
        {"track": without(TRACK, "duration_ms") | {"id": "s2"}},
    ]

    report = Lake(tmp_path, a=as_bytes(PAGE | {"items": rows, "total": 3} if is_page else rows)).read()

    assert (report.left_out, report.absent_keys) == (
        {"songs": 3},
        {"songs": {"duration_ms", "explicit", "track_number"}},
    )
    assert fed(report)["albums"] == 3


def test_a_malformed_value_of_a_row_that_is_left_out_is_no_reject(tmp_path: Path) -> None:
    rows = [{"track": without(TRACK, "duration_ms") | {"explicit": "perhaps"}}]

    report = Lake(tmp_path, a=as_bytes(rows)).read()

    assert (report.left_out, report.refused, report.rejects) == ({"songs": 1}, {}, {})


def test_rows_of_the_account_data_download_feed_only_positions_and_checks(tmp_path: Path) -> None:
    entry = {"trackName": "Song 1", "artistName": "Ada", "albumName": "First", "trackUri": "spotify:track:s1"}
    items = [{"track": entry, "episode": None, "localTrack": None, "addedDate": "2024-01-01"}]
    episode = {"episodeName": "E", "showName": "S", "episodeUri": "spotify:episode:e1"}
    items.append({"track": None, "episode": episode, "localTrack": None, "addedDate": "2024-01-02"})
    raw_lake = Lake(
        tmp_path, a=as_bytes({"playlists": [{"name": "M", "lastModifiedDate": "2024-02-03", "items": items}]})
    )

    report = raw_lake.read()

    assert fed(report) == {"playlist_items": 2, "playlist_checks": 1}
    assert report.left_out == {"songs": 1, "artists": 1, "song_artists": 1, "episodes": 1}
    assert report.absent_keys["song_artists"] == {"artists.id"}
    assert report.rejects == {}
    assert [(row["kind"], row["item"]["id"], row["item"]["name"]) for row in raw_lake.rows("items")] == [
        ("song", "s1", "Song 1"),
        ("episode", "e1", "E"),
    ]


def test_a_document_of_the_extractor_feeds_every_table(tmp_path: Path) -> None:
    body = PAGE | {"items": [{"track": {"id": "s1", "artists": [{"id": "a1"}], "album": {"id": "al1", "artists": []}}}]}

    report = Lake(tmp_path, a=write_document([raw_line(body=body)])).read()

    assert fed(report).keys() == EVERYTHING - {"album_artists"}
