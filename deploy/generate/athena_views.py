"""Hand-written views and saved queries for Athena (deploy/athena/), in the form that Glue's catalog needs."""

from pathlib import Path

from shared.contract import Column, Type

ATHENA = Path(__file__).parents[1] / "athena"

# Athena's catalog needs the types of a view's columns.
VIEW_COLUMNS: dict[str, tuple[Column, ...]] = {
    "stays": (
        Column("playlist_id", Type.STRING, "Spotify id of the playlist, liked:me for liked songs"),
        Column("playlist_name", Type.STRING, "name as last described, the id where no name is known"),
        Column("item_uri", Type.STRING, "Spotify URI of the item"),
        Column("stay_number", Type.BIGINT, "which stay of the item in the playlist, from 1 for the oldest"),
        Column("song_id", Type.STRING, "Spotify id of the song; null for every other kind"),
        Column("item_name", Type.STRING, "title as last shown in this stay; null if it could not be read"),
        Column("artist_names", Type.STRING, "artists as last shown in this stay; null if none were named"),
        Column("entered_after_at", Type.TIMESTAMP, "last check without it, UTC; null if there was none before"),
        Column("entered_by_at", Type.TIMESTAMP, "first check that showed it, UTC"),
        Column("last_seen_at", Type.TIMESTAMP, "last check that showed it, UTC"),
        Column("left_by_at", Type.TIMESTAMP, "first check without it, UTC; null while it is held as far as known"),
    ),
}
# Separate, because its type is double, which the contracts lack.
STAY_DAYS = {"name": "stay_days", "type": "double", "comment": "days from entered_by_at to last_seen_at"}


def view_select(name: str) -> str:
    """The select behind a view. Raises ValueError if the file does not create that view."""
    text = (ATHENA / "views" / f"{name}.sql").read_text(encoding="utf-8")
    _, created, select = text.partition(f"\ncreate or replace view {{{{ database }}}}.{name} as\n")
    if not created:
        raise ValueError(f"deploy/athena/views/{name}.sql does not create the view {name}")
    return select


def saved_queries() -> list[dict[str, str]]:
    """Name, description and text of each saved query; the description is the comment at its beginning."""
    queries = []
    for file in sorted((ATHENA / "queries").glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        comments = [line.removeprefix("-- ") for line in text.splitlines() if line.startswith("-- ")]
        queries.append({"name": file.stem, "description": " ".join(comments), "sql": text})
    return queries
