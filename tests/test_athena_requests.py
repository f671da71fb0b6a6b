"""The counts of requests in docs/scale.md: the counting is tested on moto with days instead of a year."""

import pytest

from tests.benchmarks.athena import BEGIN, DAYS, DOCS, END, asked, catalog, views

pytestmark = pytest.mark.slow


def test_a_view_lists_each_projected_day_of_each_of_its_tables() -> None:
    [both, songs] = asked({"songs": 10, "albums": 7}, {"songs": ["songs"], "both": ["songs", "albums"]}, 3, 2)

    assert both == ("both", 2, 6, 12, 102)
    assert songs == ("songs", 1, 3, 6, 60)


def test_a_day_of_more_than_a_thousand_files_is_listed_by_more_requests() -> None:
    [songs] = asked({"songs": 1}, {"songs": ["songs"]}, 1, 1001)

    assert (songs.lists, songs.files) == (2, 1001)


def test_every_view_of_the_catalog_is_counted_in_the_document() -> None:
    reading = views(catalog())
    text = (DOCS / "scale.md").read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = {line.split("|")[1].strip(" `"): line.split("|") for line in text.splitlines() if line.startswith("| `")}

    assert rows.keys() == reading.keys()
    assert reading["songs"] == ["songs"]
    assert set(reading["stays"]) >= {"playlist_checks", "playlist_items"}
    for view, cells in rows.items():
        assert (int(cells[2]), cells[3].strip()) == (len(reading[view]), f"{len(reading[view]) * DAYS:,}")
