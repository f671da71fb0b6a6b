"""pyarrow's JSON reader returns the same as the Python reader, or leaves the document to Python."""

import json
import random
from collections import Counter
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest

from glue_jobs.reading import document as reading
from glue_jobs.reading.arrow_pages import ParsedRows, parse_values
from glue_jobs.reading.collect import CheckCollector, ItemCollector
from glue_jobs.reading.json_text import parse
from glue_jobs.reading.model import Document, UnreadableDocumentError
from glue_jobs.reading.values import to_json
from shared.document import uncompressed
from tests.corpus import cases
from tests.glue_jobs.builders import episode, local, page_body, row, song
from tests.glue_jobs.mutations import mutated

PLACE = {"source_object": "raw/pending/drop/a.json", "document_id": "d", "extracted_at": None}


def outcome(document: Document) -> dict[str, Any]:
    """Everything that the reader returns: rows, rejects and counts."""
    rejects: list[Any] = []
    items = ItemCollector(lambda place, raw, typed: rejects.append((place["source_position"], to_json(raw), typed)))
    checks = CheckCollector(lambda place, raw, typed: rejects.append((place["source_position"], to_json(raw), typed)))
    kinds: Counter[str] = Counter()
    for check in document.checks:
        items.add(check, PLACE, kinds)
        checks.add(check, PLACE)
    items.flush()
    checks.flush()
    return {
        "items": rows_of(items.buffer.close()),
        "checks": rows_of(checks.buffer.close()),
        "kinds": +kinds,
        "made": items.buffer.made + checks.buffer.made,
        "refused": items.buffer.refused + checks.buffer.refused,
        "rejects": sorted(rejects, key=repr),
        "damages": document.damages,
        "extracted_at": document.extracted_at,
    }


def rows_of(data: bytes) -> list[dict[str, Any]]:
    """The rows of a Parquet file in reading order."""
    rows = pq.read_table(BytesIO(data)).to_pylist() if data else []
    return sorted(rows, key=lambda made: made["source_position"])


def by_python(plain: bytes) -> dict[str, Any] | str:
    """The outcome if Python reads the whole document."""
    try:
        values, damages = parse(plain)
        return outcome(reading._read("d", values, damages))
    except UnreadableDocumentError as error:
        return str(error)


def by_arrow(plain: bytes) -> dict[str, Any] | None:
    """The outcome if pyarrow reads the pages; None if it leaves the document to Python."""
    read = reading._read_parsed("d", plain)
    return None if read is None else outcome(read)


def own(*pages: Any, **fields: object) -> bytes:
    """A document of ours: a description and these pages."""
    head = {"run_id": "r", "playlist_id": "p", "snapshot_id": "v1", "extracted_at": "2026-11-20T10:00:00Z"}
    lines = [head | {"asked": "/playlists/p", "offset": None, "attempt": 1, "body": {"id": "p", "name": "P"}}]
    asked = {"asked": "/playlists/p/items?offset=0", "offset": 0, "attempt": 1}
    lines += [head | asked | {"body": page} for page in pages]
    return "".join(json.dumps(line | fields, ensure_ascii=False) + "\n" for line in lines).encode()


USUAL = page_body(
    song("s1", artists=["a1", "a2"], popularity=5, available_markets=["SE", "NO"], uri="spotify:track:s1"),
    song("s2", artists=["a1"], uri="spotify:track:s2", album={"id": "al1", "images": [], "artists": []}),
    episode("e1", uri="spotify:episode:e1", languages=["sv", "en"]),
    local("spotify:local:A:B:C:1", name="C", artists=[{"name": "A"}]),
    local("spotify:local:A:B:C:1"),
    row(None),
    None,
    row({"type": "track", "id": None}),
    row({"type": "chapter", "id": "c1", "uri": "spotify:chapter:c1"}),
    song("s3", artists=[{"id": "", "name": ""}], name="", uri="", row_fields={"added_by": {"id": ""}}),
)


@pytest.mark.parametrize("plain", [own(USUAL), own(USUAL, USUAL), json.dumps(USUAL).encode()])
def test_every_kind_of_row_is_read_alike(plain: bytes) -> None:
    parsed = by_arrow(plain)

    assert isinstance(parsed, dict)
    assert parsed == by_python(plain)


def test_rows_of_a_usual_page_never_become_python_objects() -> None:
    usual = page_body(
        song("s1", artists=["a1"], uri="spotify:track:s1"),
        episode("e1", uri="spotify:episode:e1"),
        local("spotify:local:A:B:C:1", name="C", artists=[{"name": "A"}]),
        row(None),
        song("s2", artists=["a1"], uri="spotify:track:s2", row_fields={"added_by": {"id": ""}}),
    )
    values = parse_values(own(usual))

    assert values is not None
    rows = values[1]["body"]["items"]
    assert isinstance(rows, ParsedRows)
    outcome(reading._read("d", values, []))
    assert "_rows" not in vars(rows)


@pytest.mark.parametrize(
    "plain",
    [
        own({"items": [{"item": {"id": 5}}]}),  # a number where a text is expected
        own({"items": [{"item": {"duration_ms": 1.0}}]}),
        own({"items": [5]}),
        own({"items": {}}),
        own({"items": None}),
        own({}),
        own({"items": [], "total": "5"}),
        own({"items": [{"track": True}]}),
        own({"items": [{"item": {"album": []}}]}),
        own({"items": [{"item": {"id": "a"}}, {"track": {"id": "b"}}]}).replace(b"body", b"body "),
        b'{"run_id": "r", "asked": "/items", "body": {"items": []}{"items": []}}',
        own({"items": []}) + b'{"run_id": "cut',
        b'{"items": [{"item": {"name": NaN}}], "href": "https://x/v1/me/tracks"}',
        b'{"items": [{"item": {"duration_ms": -Infinity}}], "href": "https://x/v1/me/tracks"}',
        own({"items": [{"item": {"available_markets": [0]}}]}).replace(b"[0]", b"[NaN]"),
        own({"items": [{"item": {"explicit": 0}}]}).replace(b'"explicit": 0', b'"explicit": NaN'),
        own({"items": []}).replace(b'"missing": null', b'"missing": "x"').replace(b'"body"', b'"missing": "x", "body"'),
        own({"items": []}).replace(b'"offset": 0', b'"offset": NaN'),
        b'{"items": [], "href": "https://x/v1/me/tracks", "error": {}}',
        b'{"items": [{"item": {"name": "\xff"}}], "href": "https://x/v1/me/tracks"}',
        b'{"items": [{"item": {"unknown": "\xff"}}], "href": "https://x/v1/me/tracks"}',
        b'{"items": [{"item": {"name": "\\ud83d"}}], "href": "https://x/v1/me/tracks"}',
        b'{"items": [{"item": {"id": "a", "id": "b"}}], "href": "https://x/v1/me/tracks"}',
        b'{"items": [{"added_at": "x"}]}',
        b'{"items": []}{"items": []}',
        b"[]",
        b"5",
        b"",
    ],
)
def test_documents_of_unexpected_form_are_left_to_python(plain: bytes) -> None:
    assert parse_values(plain) is None


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity", b"[NaN]"])
def test_a_constant_in_a_field_that_no_table_uses_is_ignored(constant: bytes) -> None:
    rows = page_body(song("s1", uri="spotify:track:s1", unused=0), song("s2", uri="spotify:track:s2", unused=0))
    plain = own(rows).replace(b'"unused": 0', b'"unused": ' + constant)

    assert constant in plain
    assert by_arrow(plain) == by_python(plain)
    assert by_python(plain)["kinds"] == {"song": 2}  # type: ignore[index]  # it can be read


def test_keys_after_the_body_and_other_orders_of_lines_are_read_alike() -> None:
    page, description = own(USUAL).splitlines(keepends=True)[::-1]
    late = page.rstrip().removesuffix(b"}") + b', "missing": 3}\n'
    spread = page + description + page.replace(b'"r"', b'"r2"') + b"\n\n" + page.replace(b'"r"', b'"r3"')

    for plain in (page, late, late + description, spread, page.rstrip() + b"  \r\n", page + b" "):
        parsed = by_arrow(plain)
        assert isinstance(parsed, dict)
        assert parsed == by_python(plain)
    assert [row["is_complete"] for row in by_arrow(late)["checks"]] == [False]  # type: ignore[index]


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity", "idNaNid", "Not NaN"])
def test_a_text_that_contains_nan_or_infinity_is_a_text(name: str) -> None:
    plain = own(page_body(song("s1", name=name, uri="spotify:track:s1")))

    assert by_arrow(plain) in (None, by_python(plain))
    assert by_python(plain)["items"][0]["item"]["name"] == name  # type: ignore[index]  # it can be read


def test_pages_whose_entries_differ_in_their_key_are_read_alike() -> None:
    new = page_body(song("s1", uri="spotify:track:s1"))
    old = page_body(row({"id": "s2", "uri": "spotify:track:s2"}, key="track"), offset=1)
    both = page_body(row({"id": "s3"}), row({"id": "s4"}, key="track"), offset=2)

    for plain in (own(old), own(new, old), own(both), own(new, old, both)):
        parsed = by_arrow(plain)
        assert isinstance(parsed, dict)
        assert parsed == by_python(plain)


@pytest.mark.slow
def test_damaged_documents_are_read_alike() -> None:
    chance = random.Random(11)
    documents = [own(USUAL), own(USUAL, USUAL), json.dumps(USUAL).encode(), json.dumps(USUAL, indent=1).encode()]
    documents += [uncompressed(case.path(name).read_bytes()) for case in cases() for name in case.documents
                  if case.documents[name]["outcome"] == "accepted"]  # fmt: skip
    compared = 0
    for _ in range(3000):
        data = mutated(documents, chance)
        try:
            plain = uncompressed(data)
        except ValueError:
            continue
        parsed = by_arrow(plain)
        if parsed is not None:
            compared += 1
            assert parsed == by_python(plain), plain

    assert compared > 300
