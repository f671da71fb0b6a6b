"""docs/bi-dictionary.md is fresh, complete, and matches the warehouse."""

from pathlib import Path

import pytest

from deploy.generate.__main__ import BI_DICTIONARY, main
from deploy.generate.bi_dictionary import Lineage, bi_views, dictionary, hand_written_core_views, unit
from shared.tables import TABLES
from tests.deploy.snowflake.bi.landing import Landing


@pytest.fixture(scope="module")
def columns_behind() -> Lineage:
    """The lineage of the views' columns, from the project's SQL."""
    return Lineage(bi_views() + hand_written_core_views())


def test_the_dictionary_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_or_missing_dictionary_is_named_and_left_unchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "docs" / "bi-dictionary.md"

    generated = tmp_path / "generated"
    main([], generated, tmp_path / "first.md")

    assert main(["--check"], generated, file) == 1
    assert not file.exists()
    assert main([], generated, file) == 0
    assert file.read_text(encoding="utf-8") == BI_DICTIONARY.read_text(encoding="utf-8")
    file.write_text("old", encoding="utf-8")
    assert main(["--check"], generated, file) == 1
    assert file.read_text(encoding="utf-8") == "old"
    assert capsys.readouterr().err == 2 * (
        f"{file} does not match the BI views and contracts, run `python -m deploy.generate`.\n"
    )


def test_every_view_and_column_has_a_description() -> None:
    undescribed = [view.name for view in bi_views() if not view.doc]
    undescribed += [
        f"{view.name}.{column}"
        for view in bi_views()
        for column, comment in view.columns.items()
        if "null" not in comment
    ]

    assert undescribed == []


def test_every_column_leads_back_to_columns_of_the_contracts(columns_behind: Lineage) -> None:
    contracts = {f"{table.name}.{column.name}" for table in TABLES for column in table.all_columns}

    for view in bi_views():
        sources = columns_behind.of(f"bi.{view.name}")
        assert list(sources) == list(view.columns)
        assert [column for column, lake in sources.items() if not lake or not set(lake) <= contracts] == []


@pytest.mark.parametrize(
    ("view", "column", "lake"),
    [
        ("songs", "duration_minutes", ["songs.duration_ms"]),
        ("songs", "album_name", ["albums.name"]),
        ("tutorial_songs", "artist_id", ["song_artists.artist_id"]),
        ("tutorial_songs", "song_added", ["playlist_items.added_at"]),
        ("playlists", "follower_count", ["playlist_checks.follower_count"]),
        ("playlist_membership", "added_at", ["playlist_items.added_at"]),
        (
            "recently_left",
            "left_by_at",
            [
                "playlist_checks.extracted_at",
                "playlist_checks.is_complete",
                "playlist_checks.read_at",
                "playlist_checks.status",
            ],
        ),
        ("song_popularity_intervals", "popularity_change", ["song_popularity.popularity"]),
        ("top_songs_by_popularity", "popularity_rank", ["songs.popularity"]),
        ("artist_collaborations", "other_artist_name", ["artists.name"]),
    ],
)
def test_the_lineage_passes_through_every_view_between(
    columns_behind: Lineage, view: str, column: str, lake: list[str]
) -> None:
    assert columns_behind.of(f"bi.{view}")[column] == lake


def test_the_dictionary_ends_at_the_json_path() -> None:
    text = dictionary()

    assert (
        "| `duration_minutes` | minutes | length in minutes, two decimals; null if not given | `songs.duration_ms` |"
        " `items[].item.duration_ms` |\n"
    ) in text
    assert "| `playlist_checks.follower_count` | `followers.total` of the playlist |\n" in text
    totals = "One row: each song, album, artist and playlist counts once, however often it is credited, shown or held."
    assert f"\n## TOTALS\n{totals}\n" in text


def test_the_unit_of_a_name_is_that_of_the_warehouses_type(landing: Landing) -> None:
    types_of_units = {"text": {"TEXT"}, "yes or no": {"BOOLEAN"}, "date": {"DATE"}, "UTC time": {"TIMESTAMP_NTZ"}}
    types_of_units["time in the zone of the setting"] = {"TIMESTAMP_NTZ"}
    columns = landing.query(
        "select table_name, column_name, data_type from SPOTIFY.INFORMATION_SCHEMA.COLUMNS where table_schema = 'BI'"
    )

    assert len(columns) == sum(len(view.columns) for view in bi_views())
    assert [
        (view, column, type_)
        for view, column, type_ in columns
        if type_ not in types_of_units.get(unit(str(column).lower()), {"NUMBER", "FLOAT"})
    ] == []
