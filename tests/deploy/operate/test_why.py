"""The lineage of a row, from the current row back to the raw document."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deploy.commands import CommandError, run_command
from deploy.operate.why import as_text, locate, main, why
from shared.store import ObjectStore
from shared.tables.batches import BATCHES
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from shared.tables.playlist_items import PLAYLIST_ITEMS
from shared.tables.songs import SONGS
from tests.corpus import FOLDER

MONDAY = "raw/processed/00000000000000000001/run=20261116T100000Z/p1.ndjson.gz"
TUESDAY = "raw/processed/00000000000000000002/run=20261117T100000Z/p1.ndjson.gz"


def test_each_observation_says_why_it_is_current_or_not(lake: ObjectStore) -> None:
    won, lost = why(lake, SONGS, "s1")

    assert (won.is_current, won.row["name"], won.batch_number) == (True, "New", 2)
    assert (won.place.raw_object, won.place.line, won.place.path) == (TUESDAY, 2, "$.body.items[0]")
    assert won.place.columns["name"] == "$.body.items[0].item.name"
    assert won.place.columns["available_market_count"] == "number of $.body.items[0].item.available_markets"
    assert (lost.row["name"], lost.verdict) == ("Old", "lost: extracted_at 2026-11-17 10:00:00 is newer")
    assert (lost.place.raw_object, lost.place.line, lost.place.path) == (MONDAY, 2, "$.body.items[0]")


def test_each_position_is_located_in_its_document(lake: ObjectStore) -> None:
    observations = why(lake, PLAYLIST_ITEMS, "p1", "v1")

    assert {observation.row["song_id"]: observation.place.path for observation in observations} == {
        "s1": "$.body.items[0]",
        "s2": "$.body.items[1]",
    }
    assert observations[0].place.columns["added_by_id"].endswith("].added_by.id")


def test_a_check_is_located_at_its_playlist_object_or_in_the_manifest(lake: ObjectStore) -> None:
    (_, monday), (unchanged,) = why(lake, PLAYLIST_CHECKS, "p1"), why(lake, PLAYLIST_CHECKS, "p2")

    assert (monday.place.line, monday.place.columns["owner_id"]) == (1, "$.body.owner.id")
    assert (unchanged.place.line, unchanged.place.columns["owner_id"]) == (1, "$.checks[0].playlist.owner.id")


def test_rows_of_an_oversized_document_are_not_located() -> None:
    assert locate(gzip.compress(bytes(257 * 2**20), compresslevel=1), 0, is_read=False) is None


def test_a_row_without_a_document_has_its_batch(lake: ObjectStore) -> None:
    (observation,) = why(lake, BATCHES, "2")

    assert (observation.is_current, observation.place.raw_object, observation.place.path) == (True, "batch 2", None)


def test_the_default_output_is_a_table(lake: ObjectStore) -> None:
    text = as_text(SONGS, why(lake, SONGS, "s1"))

    assert text.startswith(f"songs, current: {TUESDAY}, line 2, $.body.items[0]\n")
    assert "  name                    New" in text
    assert "lost: extracted_at 2026-11-17 10:00:00 is newer" in text


def test_json_output_is_one_line(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lake", lake.uri, "--table", "SONGS", "--id", "s1", "--json"]) == 0

    printed = json.loads(capsys.readouterr().out)
    assert [observation["verdict"] for observation in printed["observations"]] == [
        "current",
        "lost: extracted_at 2026-11-17 10:00:00 is newer",
    ]


def test_a_missing_row_is_one_sentence(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("why", main, ["--lake", lake.uri, "--table", "songs", "--id", "missing"]) == 1
    assert run_command("why", main, ["--lake", lake.uri, "--table", "sings", "--id", "s1"]) == 1

    first, second = capsys.readouterr().err.splitlines()
    assert first == "why: songs has no row with song_id missing"
    assert second.startswith("why: there is no table sings; there are songs, albums,")


def test_an_id_of_too_many_parts_is_refused(lake: ObjectStore) -> None:
    with pytest.raises(CommandError, match="an id of songs is song_id"):
        why(lake, SONGS, "s1", "s2")


@pytest.mark.parametrize(
    ("document", "position", "place"),
    [
        ("new_shape_page/page.json", 1, (None, "$.items[1]", "item")),
        ("bare_rows/rows.json", 1, (None, "$[1]", "track")),
        ("single_row/row.json", 0, (None, "$", "track")),
        ("null_track/page.json", 2, (None, "$.items[2]", "track")),
        ("broken_line_in_ndjson/pages.ndjson", 1, (3, "$.items[0]", "item")),
    ],
)
def test_dropped_documents_of_any_shape_are_located(
    document: str, position: int, place: tuple[int | None, str, str]
) -> None:
    assert locate((FOLDER / document).read_bytes(), position, is_read=False) == place


def test_a_missing_position_has_no_place() -> None:
    assert locate((FOLDER / "new_shape_page/page.json").read_bytes(), 99, is_read=False) is None


def test_without_a_table_or_an_id_it_says_how_to_find_them(
    folder_store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_store.put(
        "processed/songs/ingest_date=2026-11-20/00000000000000000001-00000.parquet", songs_file("s2", "s1")
    )
    command = ["--lake", folder_store.uri]

    assert run_command("why", main, command) == 1
    assert run_command("why", main, [*command, "--table", "songs"]) == 1

    of_table, of_id = capsys.readouterr().err.splitlines()
    assert of_table.startswith("why: name a table and an id, make why TABLE=songs ID=…; tables are songs, albums, ")
    assert of_id.startswith("why: name an id, make why TABLE=songs ID=…: song_id; ")
    assert of_id.endswith("for example, s2, s1")


def songs_file(*ids: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"song_id": list(ids)}), file)
    return file.getvalue()
