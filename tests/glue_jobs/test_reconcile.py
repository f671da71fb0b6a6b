"""A batch is committed only if its made, refused and published rows add up to the items that were read."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.commit_log import Batch
from glue_jobs.log_entry import Input, StagedFile
from glue_jobs.read_batch import BatchRead, ReadOptions, read_batch
from glue_jobs.reconcile import ReconciliationError, reconcile
from glue_jobs.runtime import GlueJob
from glue_jobs.transforms import TRANSFORMS
from glue_jobs.write_tables import Staged, write_tables
from shared import lake
from shared.store import open_store
from tests.glue_jobs.builders import as_bytes, credited, episode, local, page_body, song

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def read() -> BatchRead:
    """Two documents with four songs, one of whose positions is rejected, an episode, and an item without anything.

    One song is refused, one was observed twice; one credit is refused, one is repeated.
    """
    return BatchRead(
        documents={
            "a.json": Counter({"song": 2, "rejected": 1, "episode": 0}),
            "b.json": Counter({"song": 1, "episode": 1, "empty": 1}),
        },
        kinds=Counter({"song": 3, "rejected": 1, "episode": 1, "empty": 1}),
        made=Counter(
            {
                "songs": 4,
                "episodes": 1,
                "song_artists": 5,
                "song_popularity": 2,
                "playlist_items": 6,
                "playlist_checks": 2,
            }
        ),
        refused=Counter({"songs": 1, "song_artists": 1}),
        digests={"rejects/0": "5d"},
    )


def staged() -> Staged:
    """The files written for it; song_artists are in two files."""
    return Staged(
        files=[
            StagedFile("songs", "songs/0", 2),
            StagedFile("episodes", "episodes/0", 1),
            StagedFile("song_artists", "song_artists/0", 2),
            StagedFile("song_artists", "song_artists/1", 1),
            StagedFile("song_popularity", "song_popularity/0", 2),
            StagedFile("playlist_items", "playlist_items/0", 6),
            StagedFile("playlist_checks", "playlist_checks/0", 2),
            StagedFile("rejects", "rejects/0", 3),
        ],
        digests={"songs/0": "a9"},
        accepted={
            "songs": 3,
            "episodes": 1,
            "song_artists": 4,
            "song_popularity": 2,
            "playlist_items": 6,
            "playlist_checks": 2,
        },
    )


def with_rows(table: str, rows: int) -> Staged:
    """As `staged`, with another number of rows in one table's file."""
    other = staged()
    other.files = [StagedFile(f.table, f.staged, rows if f.table == table else f.rows) for f in other.files]
    return other


def test_balanced_counts_go_into_the_log() -> None:
    assert reconcile(read(), staged()) == {
        "kinds": {"song": 3, "episode": 1, "local": 0, "empty": 1, "unavailable": 0, "rejected": 1},
        "documents": {"a.json": {"song": 2, "rejected": 1}, "b.json": {"song": 1, "episode": 1, "empty": 1}},
        "tables": {
            "songs": {"made": 4, "refused": 1, "superseded": 1, "published": 2},
            "episodes": {"made": 1, "refused": 0, "superseded": 0, "published": 1},
            "song_artists": {"made": 5, "refused": 1, "superseded": 1, "published": 3},
            "song_popularity": {"made": 2, "refused": 0, "superseded": 0, "published": 2},
            "playlist_items": {"made": 6, "refused": 0, "superseded": 0, "published": 6},
            "playlist_checks": {"made": 2, "refused": 0, "superseded": 0, "published": 2},
        },
        "sha256": {"rejects/0": "5d", "songs/0": "a9"},
    }


def test_rows_that_are_left_out_balance_and_have_their_own_count() -> None:
    left_out = read()
    left_out.refused["songs"], left_out.left_out["songs"] = 0, 1

    assert reconcile(left_out, staged())["tables"]["songs"] == {
        "made": 4,
        "refused": 0,
        "left_out": 1,
        "superseded": 1,
        "published": 2,
    }


def test_rows_that_are_left_out_and_written_all_the_same_are_refused() -> None:
    left_out = read()
    left_out.left_out["songs"] = 1

    with pytest.raises(ReconciliationError, match="songs: the reader accepted 2 rows, but Spark made 3; nothing was"):
        reconcile(left_out, staged())


def test_a_batch_without_items_balances() -> None:
    only_a_check = BatchRead(made=Counter({"playlist_checks": 1}), documents={"m.json": Counter()})
    written = Staged(files=[StagedFile("playlist_checks", "playlist_checks/0", 1)], accepted={"playlist_checks": 1})

    assert reconcile(only_a_check, written) == {
        "kinds": {"song": 0, "episode": 0, "local": 0, "empty": 0, "unavailable": 0, "rejected": 0},
        "documents": {"m.json": {}},
        "tables": {"playlist_checks": {"made": 1, "refused": 0, "superseded": 0, "published": 1}},
        "sha256": {},
    }


def one_document_fewer(of: BatchRead) -> None:
    del of.documents["b.json"]


def a_wrong_kind(of: BatchRead) -> None:
    of.documents["a.json"] = Counter({"song": 1, "local": 1, "rejected": 1})


def an_item_without_a_position(of: BatchRead) -> None:
    of.made["playlist_items"] = 5


def too_few_songs(of: BatchRead) -> None:
    of.made["songs"] = 2


def more_songs_than_items(of: BatchRead) -> None:
    of.made["songs"] = 5


def too_few_episodes(of: BatchRead) -> None:
    of.made["episodes"] = 0


def a_play_without_a_row(of: BatchRead) -> None:
    of.plays["p.ndjson.gz"] = 3
    of.made["plays"] = 2


def a_row_without_a_play(of: BatchRead) -> None:
    of.made["plays"] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (a_play_without_a_row, "3 plays were read, but 2 rows were made of them"),
        (a_row_without_a_play, "0 plays were read, but 1 rows were made of them"),
        (one_document_fewer, "The documents have {'song': 2, 'rejected': 1}, the batch has {'song': 3,"),
        (a_wrong_kind, "the batch has {'song': 3, 'rejected': 1, 'episode': 1, 'empty': 1}"),
        (an_item_without_a_position, "6 items were read, but 5 rows of playlist_items were made of them"),
        (too_few_songs, "3 items are of kind song and 1 are rejected, but 2 rows of songs were made of them"),
        (more_songs_than_items, "3 items are of kind song and 1 are rejected, but 5 rows of songs were made of them"),
        (too_few_episodes, "1 items are of kind episode and 1 are rejected, but 0 rows of episodes were made"),
    ],
)
def test_counts_that_contradict_the_kinds_are_refused(change: Callable[[BatchRead], None], message: str) -> None:
    changed = read()
    change(changed)

    with pytest.raises(ReconciliationError) as refused:
        reconcile(changed, staged())

    assert message in str(refused.value)
    assert str(refused.value).endswith("nothing was committed.")


@pytest.mark.parametrize(
    ("table", "rows", "message"),
    [
        ("songs", 4, "songs: 4 rows were made and 1 refused, but 4 were written"),
        ("song_artists", 3, "song_artists: 5 rows were made and 1 refused, but 6 were written"),
        ("playlist_items", 7, "playlist_items: 6 rows were made and 0 refused, but 7 were written"),
        # In a history no observation is superseded.
        ("song_popularity", 1, "song_popularity: 2 rows were made and 0 refused, but 1 were written"),
        ("playlist_checks", 0, "playlist_checks: 2 rows were made and 0 refused, but 0 were written"),
    ],
)
def test_a_difference_between_made_and_written_rows_is_refused(table: str, rows: int, message: str) -> None:
    with pytest.raises(ReconciliationError) as refused:
        reconcile(read(), with_rows(table, rows))

    assert str(refused.value) == f"{message}; nothing was committed."


@pytest.mark.parametrize("written", [2, 4])
def test_other_plays_written_than_read_are_refused(written: int) -> None:
    of = read()
    of.plays["p.ndjson.gz"], of.made["plays"], of.refused["plays"] = 4, 4, 1
    staged_plays = staged()
    staged_plays.files.append(StagedFile("plays", "plays/0", written))
    staged_plays.accepted["plays"] = 3

    with pytest.raises(ReconciliationError, match=f"plays: 4 rows were made and 1 refused, but {written} were written"):
        reconcile(of, staged_plays)

    staged_plays.files[-1] = StagedFile("plays", "plays/0", 3)
    assert reconcile(of, staged_plays)["plays"] == {"p.ndjson.gz": 4}


def test_a_history_without_a_file_is_refused() -> None:
    written = staged()
    written.files = [file for file in written.files if file.table != "song_popularity"]

    with pytest.raises(
        ReconciliationError, match="song_popularity: 2 rows were made and 0 refused, but 0 were written"
    ):
        reconcile(read(), written)


@pytest.mark.parametrize("accepted", [2, 4])
def test_a_difference_between_sparks_and_the_readers_accepted_rows_is_refused(accepted: int) -> None:
    written = staged()
    written.accepted["songs"] = accepted

    with pytest.raises(ReconciliationError) as refused:
        reconcile(read(), written)

    assert str(refused.value) == (
        f"songs: the reader accepted 3 rows, but Spark made {accepted}; nothing was committed."
    )


# --- what real Spark writes


@pytest.fixture
def job(spark: SparkSession) -> GlueJob:
    return GlueJob("tests", [])


def read_and_staged(job: GlueJob, root: Path) -> tuple[BatchRead, Staged]:
    """A page with faults, repeated credits and repeated songs, as read and as written by Spark."""
    artists = credited("a1", "a2", "a1", {"id": None, "name": "No id"})
    document = page_body(
        song("s1", popularity=5),
        song("s1", popularity=6, artists=artists),
        song("s2", duration_ms="long", popularity=7),
        song("s3", row_fields={"added_at": "last week"}),
        episode("e1"),
        local("spotify:local:A:B:C:1"),
        None,
        5,
    )
    store = open_store(str(root))
    store.put(f"{lake.DROP}page.json", as_bytes(document))
    inputs = tuple(Input(listed.key, listed.token, listed.size, listed.time) for listed in store.list(lake.PENDING))
    batch = Batch("b1", 0, inputs, NOON, is_poison=False)
    of_batch = read_batch(job, str(root), batch, ReadOptions())
    return of_batch, write_tables(job, store, batch, of_batch)


def test_a_batch_written_by_spark_balances(job: GlueJob, tmp_path: Path) -> None:
    reconciled = reconcile(*read_and_staged(job, tmp_path))

    assert reconciled["kinds"] == {
        "song": 3,
        "episode": 1,
        "local": 1,
        "empty": 1,
        "unavailable": 0,
        "rejected": 2,
    }
    assert reconciled["tables"] == {
        "songs": {"made": 4, "refused": 1, "superseded": 1, "published": 2},
        "artists": {"made": 4, "refused": 1, "superseded": 1, "published": 2},
        "episodes": {"made": 1, "refused": 0, "superseded": 0, "published": 1},
        "song_artists": {"made": 4, "refused": 1, "superseded": 1, "published": 2},
        "song_popularity": {"made": 3, "refused": 0, "superseded": 0, "published": 3},
        "playlist_items": {"made": 8, "refused": 0, "superseded": 0, "published": 8},
        "playlist_checks": {"made": 1, "refused": 0, "superseded": 0, "published": 1},
    }


def without_the_first(rows: DataFrame) -> DataFrame:
    return rows.where("source_position > 0")


def twice(rows: DataFrame) -> DataFrame:
    return rows.union(rows)


@pytest.mark.parametrize(
    ("table", "fault", "message"),
    [
        ("songs", without_the_first, "songs: the reader accepted 3 rows, but Spark made 2"),
        ("song_artists", twice, "song_artists: the reader accepted 3 rows, but Spark made 6"),
        ("song_popularity", without_the_first, "song_popularity: 3 rows were made and 0 refused, but 2 were written"),
        ("song_popularity", twice, "song_popularity: 3 rows were made and 0 refused, but 6 were written"),
    ],
)
def test_a_transform_that_loses_or_doubles_rows_is_refused(
    job: GlueJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    fault: Callable[[DataFrame], DataFrame],
    message: str,
) -> None:
    correct = TRANSFORMS[table]
    monkeypatch.setitem(TRANSFORMS, table, lambda items: fault(correct(items)))

    with pytest.raises(ReconciliationError, match=f"^{message}; nothing was committed.$"):
        reconcile(*read_and_staged(job, tmp_path))
