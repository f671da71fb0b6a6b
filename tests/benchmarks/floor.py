"""Makes the same tables with DuckDB, as a lower bound of the time for the same files and rows.

python -m tests.benchmarks.floor LAKE OUT

It trusts its input: it handles no malformed values, writes no rejects, reconciles and commits nothing, and reads only
the lineage columns that decide which row is the newest.
"""

import sys
from pathlib import Path

import duckdb

_CREDITS = "STRUCT(id VARCHAR, name VARCHAR, uri VARCHAR, external_urls STRUCT(spotify VARCHAR))[]"
_ENTRY = f"""STRUCT(
    "type" VARCHAR, id VARCHAR, name VARCHAR, duration_ms INTEGER, explicit BOOLEAN, popularity INTEGER,
    track_number INTEGER, disc_number INTEGER, external_ids STRUCT(isrc VARCHAR), is_playable BOOLEAN,
    available_markets VARCHAR[], preview_url VARCHAR, uri VARCHAR, external_urls STRUCT(spotify VARCHAR),
    is_local BOOLEAN, release_date VARCHAR, languages VARCHAR[],
    "show" STRUCT(id VARCHAR, name VARCHAR, publisher VARCHAR),
    artists {_CREDITS},
    album STRUCT(
        id VARCHAR, name VARCHAR, album_type VARCHAR, release_date VARCHAR, release_date_precision VARCHAR,
        total_tracks INTEGER, images STRUCT(url VARCHAR)[], uri VARCHAR, external_urls STRUCT(spotify VARCHAR),
        artists {_CREDITS}))"""


def _items(key: str) -> str:
    return f'STRUCT(added_at TIMESTAMP, added_by STRUCT(id VARCHAR), "{key}" {_ENTRY})[]'


_OWN = f"""
    SELECT filename AS source_object, playlist_id, snapshot_id, extracted_at,
           body."offset" + generate_subscripts(body.items, 1) - 1 AS position,
           unnest(body.items) AS r
    FROM read_json(?, format = 'newline_delimited', filename = true, maximum_object_size = 33554432,
        ignore_errors = true,  -- the line that describes the playlist: its `items` is no list
        columns = {{playlist_id: 'VARCHAR', snapshot_id: 'VARCHAR', extracted_at: 'TIMESTAMP', asked: 'VARCHAR',
                    body: 'STRUCT("offset" INTEGER, items {_items("item")})'}})
    WHERE asked LIKE '%/items?%'"""
_PAGES = f"""
    SELECT filename AS source_object, regexp_extract(href, '/playlists/([^/]+)/', 1) AS playlist_id,
           '' AS snapshot_id, TIMESTAMP '2026-11-20 10:00:00' AS extracted_at,
           "offset" + generate_subscripts(items, 1) - 1 AS position,
           unnest(items) AS r
    FROM read_json(?, format = 'unstructured', filename = true, maximum_object_size = 4194304,
        columns = {{href: 'VARCHAR', "offset": 'INTEGER', items: '{_items("track")}'}})"""

# The select of each table. `seen` has one row per playlist position, `songs_seen` the rows of `seen` with a song.
TABLES = {
    "songs": """
        SELECT item.id AS song_id, item.name AS name, item.duration_ms AS duration_ms, item.explicit AS explicit,
               item.popularity AS popularity, item.album.id AS album_id, item.track_number AS track_number,
               item.disc_number AS disc_number, item.external_ids.isrc AS isrc, item.is_playable AS is_playable,
               len(item.available_markets) AS available_market_count, item.preview_url AS preview_url,
               item.uri AS uri, item.external_urls.spotify AS url, source_object, extracted_at
        FROM newest_songs""",
    "albums": """
        SELECT item.album.id AS album_id, item.album.name AS name, item.album.album_type AS album_type,
               item.album.release_date AS release_date_text,
               item.album.release_date_precision AS release_date_precision,
               try_cast(rpad(item.album.release_date, 10, '-01-01') AS DATE) AS released_on,
               try_cast(item.album.release_date[:4] AS INTEGER) AS release_year,
               item.album.total_tracks AS total_tracks, item.album.images[1].url AS image_url, item.album.uri AS uri,
               item.album.external_urls.spotify AS url, source_object, extracted_at
        FROM newest_albums""",
    "artists": """
        SELECT credit.id AS artist_id, max_by(struct_pack(name := credit.name, uri := credit.uri,
               url := credit.external_urls.spotify, source_object, extracted_at),
               (extracted_at, source_object, position, -credit_position)) AS newest
        FROM (SELECT *, unnest(list_concat(item.artists, item.album.artists)) AS credit,
                     generate_subscripts(list_concat(item.artists, item.album.artists), 1) AS credit_position
              FROM songs_seen)
        GROUP BY credit.id""",
    "episodes": """
        SELECT item.id AS episode_id, item.name AS name, item."show".id AS show_id, item."show".name AS show_name,
               item."show".publisher AS publisher, item.duration_ms AS duration_ms, item.explicit AS explicit,
               item.release_date AS release_date_text, item.languages[1] AS language, item.uri AS uri,
               item.external_urls.spotify AS url, source_object, extracted_at
        FROM seen WHERE item.type = 'episode'
        QUALIFY 1 = row_number() OVER (
            PARTITION BY item.id ORDER BY extracted_at DESC, source_object DESC, position DESC)""",
    "song_artists": """
        SELECT item.id AS song_id, credit.id AS artist_id, min(credit_position) - 1 AS position
        FROM (SELECT item, unnest(item.artists) AS credit, generate_subscripts(item.artists, 1) AS credit_position
              FROM newest_songs)
        GROUP BY ALL""",
    "album_artists": """
        SELECT item.album.id AS album_id, credit.id AS artist_id, min(credit_position) - 1 AS position
        FROM (SELECT item, unnest(item.album.artists) AS credit,
                     generate_subscripts(item.album.artists, 1) AS credit_position
              FROM newest_albums)
        GROUP BY ALL""",
    "song_popularity": """
        SELECT item.id AS song_id, source_object, position AS source_position, item.popularity AS popularity,
               extracted_at
        FROM songs_seen WHERE item.popularity IS NOT NULL""",
    "playlist_items": """
        SELECT playlist_id, snapshot_id, position,
               CASE WHEN item IS NULL THEN 'empty' WHEN item.is_local THEN 'local' WHEN item.type = 'episode'
                    THEN 'episode' ELSE 'song' END AS kind,
               item.id AS item_id, item.uri AS item_uri, item.name AS item_name,
               array_to_string(list_transform(item.artists, lambda a: a.name), ', ') AS artist_names,
               r.added_at AS added_at, r.added_by.id AS added_by_id, source_object, extracted_at
        FROM seen""",
    "playlist_checks": """
        SELECT playlist_id, snapshot_id, max(extracted_at) AS read_at, count(*) AS item_count
        FROM seen GROUP BY playlist_id, snapshot_id""",
}
_NEWEST = "ORDER BY extracted_at DESC, source_object DESC, position DESC"


def read(lake: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the relations that `TABLES` select from. Reads the lake's pending objects once."""
    connection = duckdb.connect(config={"preserve_insertion_order": False})
    own = list((lake / "raw/pending").glob("run=*/*.ndjson.gz"))
    files = own or list((lake / "raw/pending/drop").rglob("*.json"))
    connection.execute(
        f"CREATE TEMP TABLE seen AS SELECT *, r.{'item' if own else 'track'} AS item FROM ({_OWN if own else _PAGES})",
        [[str(file) for file in files]],
    )
    connection.execute("CREATE TEMP VIEW songs_seen AS SELECT * FROM seen WHERE item.type = 'track' AND item.id <> ''")
    for name, key in (("newest_songs", "item.id"), ("newest_albums", "item.album.id")):
        connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT * FROM songs_seen "
            f"QUALIFY row_number() OVER (PARTITION BY {key} {_NEWEST}) = 1"
        )
    return connection


def main(lake: str, out: str) -> None:
    """Write the tables as Parquet."""
    connection = read(Path(lake))
    Path(out).mkdir(parents=True)
    for name, select in TABLES.items():
        connection.execute(f"COPY ({select}) TO '{out}/{name}.parquet' (FORMAT parquet)")


if __name__ == "__main__":
    main(*sys.argv[1:])
