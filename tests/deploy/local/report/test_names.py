"""Names are untrusted text and never become markup in the page."""

from pathlib import Path

from deploy.local.report.words import labels, name, plain
from tests.deploy.local.report.reading import Reading
from tests.deploy.local.report.worlds import IMAGE, SCRIPT


def test_no_name_becomes_markup(pages: dict[str, Path]) -> None:
    text = pages["hostile_names"].read_text(encoding="utf-8")
    read = Reading(text)

    assert SCRIPT not in text
    assert IMAGE not in text
    assert "javascript:" not in text.split("<main")[1].split("</main>")[0]
    assert "\u2028" not in text
    assert "\u202e" not in text
    assert [read.tags.count(tag) for tag in ("script", "img", "html")] == [5, 0, 1]


def test_a_table_shows_the_name_whole(pages: dict[str, Path]) -> None:
    read = Reading(pages["hostile_names"].read_text(encoding="utf-8"))

    assert {row[0] for row in read.tables["added"]} == {"title", "S3"}
    assert {row[0] for row in read.tables["all-songs"]} == {"song", "abc def ghi", "東京 مرحبا"}
    assert {row[0] for row in read.tables["all-artists"]} == {"artist", SCRIPT, IMAGE, "אבג"}


def test_a_names_text_direction_does_not_affect_its_surroundings() -> None:
    assert name("ليالي <b>") == "<bdi>ليالي &lt;b&gt;</bdi>"


def test_joiners_stay_and_control_characters_are_removed() -> None:
    assert plain("👩\u200d👧 a\u202eb\nc\x00 d ") == "👩\u200d👧 a b c d"
    assert plain("\n") == "(no name)"
    assert plain(None) == "(no name)"


def test_two_playlists_with_equal_names_keep_two_labels() -> None:
    assert labels([("p1", "same"), ("p2", "same"), ("p1", "same"), ("p3", "x" * 60)]) == {
        "p1": "same",
        "p2": "same (2)",
        "p3": "x" * 47 + "…",
    }
