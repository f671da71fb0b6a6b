"""From bytes to JSON values, and our own documents."""

import gzip
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import Check, UnreadableDocumentError
from glue_jobs.reading.playlist import entry_of
from glue_jobs.reading.values import to_json
from shared.document import Manifest, PlaylistCheck, write_document
from tests.glue_jobs.documents import Json, as_bytes, episode, local, ndjson, page_body, raw_line, row, song
from tests.glue_jobs.mutations import mutated
from tests.glue_jobs.reading.checks import only_check, song_ids

API = "https://api.spotify.com/v1"


def test_our_own_document_names_its_playlist_and_its_embedded_page_does_not_count() -> None:
    about = {"id": "p1", "name": "Mine", "items": page_body(song("s1"), song("s2"))}
    lines = [raw_line(asked="/playlists/p1", offset=None, body=about), raw_line(body=page_body(song("s1")))]

    document = read_document(write_document(lines))

    (check,) = document.checks
    assert document.extracted_at == "2026-11-20T10:00:00Z"
    assert (check.playlist_id, check.run_id, check.snapshot_id) == ("p1", "r1", "v1")
    assert song_ids(check) == ["s1"]
    assert (check.total, check.is_complete) == (1, True)
    assert check.playlist is not None
    assert check.playlist["name"] == "Mine"


@pytest.mark.parametrize("missing", ["run_id", "playlist_id", "extracted_at", "body"])
def test_a_line_of_our_own_that_lacks_a_field_is_damage(missing: str) -> None:
    good = json.loads(gzip.decompress(write_document([raw_line(body=page_body(song("s1")))])))
    bad = {name: value for name, value in good.items() if name != missing}

    document = read_document(ndjson(good, bad))

    assert [song_ids(check) for check in document.checks] == [["s1"]]
    assert [damage.reason for damage in document.damages] == [
        "value 2: a line without run_id, playlist_id, extracted_at or body"
    ]


@pytest.mark.parametrize("body", [None, "text", [], {}, {"items": {}}, {"error": {"status": 500}}])
def test_a_page_of_our_own_without_a_list_of_items_is_damage(body: Any) -> None:
    document = read_document(write_document([raw_line(body=page_body(song("s1"))), raw_line(offset=50, body=body)]))

    assert [damage.reason for damage in document.damages] == ["value 2: a page without a list of items"]


def test_our_own_document_without_a_whole_line_is_refused() -> None:
    with pytest.raises(UnreadableDocumentError, match="no line is whole: value 1: a line without run_id"):
        read_document(write_document([raw_line(run_id="")]))


@pytest.mark.parametrize("name", ["run_id", "playlist_id"])
def test_a_line_of_our_own_whose_id_is_no_text_is_refused(name: str) -> None:
    with pytest.raises(UnreadableDocumentError):
        read_document(write_document([raw_line(**{name: ["x"]})]))


def test_an_id_of_more_than_a_million_characters_is_refused() -> None:
    with pytest.raises(UnreadableDocumentError, match="no line is whole"):
        read_document(write_document([raw_line(playlist_id="n" * 1_000_001)]))


def test_the_time_comes_from_the_first_whole_line() -> None:
    good = json.loads(gzip.decompress(write_document([raw_line(body=page_body(song("s1")))])))

    assert read_document(ndjson(good | {"extracted_at": None}, good)).extracted_at == "2026-11-20T10:00:00Z"


def test_checks_without_a_document_are_in_the_manifest_and_those_with_one_are_not() -> None:
    checks = (
        PlaylistCheck(playlist_id="p1", status="read", snapshot_id="v1", item_count=3),
        PlaylistCheck(
            playlist_id="p2", status="unchanged", snapshot_id="v2", playlist={"name": "Two", "tracks": {"total": 9}}
        ),
        PlaylistCheck(playlist_id="p3", status="failed", failure_class="TransientError"),
        PlaylistCheck(playlist_id="p4", status="gone", failure_class="NotFoundError"),
    )

    document = read_document(Manifest(run_id="r1", extracted_at="2026-11-20T10:00:00Z", checks=checks).as_bytes())

    assert document.extracted_at == "2026-11-20T10:00:00Z"
    assert document.checks == [
        Check("p2", "r1", 0, "unchanged", None, "v2", total=9, playlist={"name": "Two", "tracks": {"total": 9}}),
        Check("p3", "r1", 1, "failed", "TransientError"),
        Check("p4", "r1", 2, "gone", "NotFoundError"),
    ]


def test_a_manifest_of_reads_alone_has_no_checks() -> None:
    checks = (PlaylistCheck(playlist_id="p1", status="read"),)

    assert read_document(Manifest(run_id="r1", extracted_at="x", checks=checks).as_bytes()).checks == []


@pytest.mark.parametrize(
    "data",
    [
        b'{"manifest": 1, "checks": 5}',
        b'{"manifest": 1, "checks": [5]}',
        b'{"manifest": 1, "checks": [{"status": "gone", "playlist_id": "p1"}]}',
        b'{"manifest": 1, "run_id": "r1", "checks": [{"status": "gone"}]}',
    ],
)
def test_a_manifest_that_is_not_whole_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableDocumentError):
        read_document(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b" \r\n\t", "the file is empty"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], "the gzip stream is cut off or broken"),
        (b'{"items": [\xff]}', "the text is not UTF-8 (byte 11)"),
        (b"<html><body>Sign in", "no JSON at line 1, column 1: it begins like a web page"),
        (b'{"items": [', "no JSON"),
        (b'{"items": [NaN]}', "a page without playlist rows"),
        (b'{"items": [Nan]}', "no JSON at line 1, column 12"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_bytes_that_hold_no_json_are_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableDocumentError) as refused:
        read_document(data)

    assert words in str(refused.value)


def test_a_cut_off_list_with_a_row_per_line_is_refused_though_its_last_line_parses() -> None:
    data = b"[\n" + as_bytes(song("s1")) + b",\n" + as_bytes(song("s2"))

    with pytest.raises(UnreadableDocumentError, match="no JSON at line 3, column"):
        read_document(data)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"broken', "line 2 is no JSON"),
        ('{"nan": NaN}', "value 2: an object with 1 unknown key"),
        ("[" * 100_000, "line 2 is no JSON, nested too deeply"),
        ("5", "value 2: neither an object nor a list"),
        ("null", "value 2: neither an object nor a list"),
    ],
)
def test_a_broken_line_is_damage_with_its_number(line: str, reason: str) -> None:
    document = read_document(as_bytes(page_body(song("s1"))) + b"\n" + line.encode() + b"\n")

    (damage,) = document.damages
    assert damage.reason.startswith(reason)
    assert [song_ids(check) for check in document.checks] == [["s1"]]


def test_blank_lines_are_skipped() -> None:
    data = b"\n\r\n" + as_bytes(song("s1")) + b"\r\n  \n" + as_bytes(song("s2")) + b"\n\n"

    document = read_document(data)

    assert song_ids(document.checks[0]) == ["s1", "s2"]
    assert document.damages == []


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\u000c", "\u001c"])
def test_a_line_ends_at_a_newline_alone(mark: str) -> None:
    name = f"check{mark}two"
    lines = ndjson(song("s1", name=name), song("s2", name=name)) if ord(mark) > 0x20 else None
    lines = lines or b"\n".join(json.dumps(song(check, name=name)).encode() for check in ("s1", "s2"))

    assert [row["item"]["name"] for _, row in only_check(lines).rows()] == [name, name]


def test_a_lone_surrogate_is_read_unchanged() -> None:
    ((_, row),) = only_check(b'[{"item": {"id": "s1", "name": "half \\ud83d"}}]').rows()

    assert row["item"]["name"] == "half \ud83d"


@pytest.mark.parametrize(
    "before", ['[{"item": {"id": "s1", "name": ', '{"href": "/playlists/p1/items", "items": [], "total": ']
)
def test_nesting_near_the_parsers_limit_is_read_or_refused(before: str) -> None:
    after = "}}]" if before.startswith("[") else "}"
    for depth in range(700, 1000):
        try:
            read_document(f"{before}{'[' * depth}{']' * depth}{after}".encode())
        except UnreadableDocumentError:
            continue


# --- properties

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2**32), st.floats(allow_nan=False, allow_infinity=False), texts
)
strange = st.recursive(leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2))
ids = st.sampled_from(["s1", "s2", "", None])
artists = st.lists(st.fixed_dictionaries({"id": ids, "name": leaves}), max_size=3)
entries = st.one_of(
    st.fixed_dictionaries(
        {"id": ids},
        optional={
            "type": st.sampled_from(["track", "episode", "chapter", None]),
            "uri": st.sampled_from(["spotify:track:s1", "spotify:episode:e1", "spotify:local:A:B:C:1", ""]),
            "name": strange,
            "artists": artists | strange,
            "album": st.fixed_dictionaries({"id": ids, "artists": artists}) | strange,
            "duration_ms": leaves,
            "available_markets": strange,
            "track": st.booleans(),
        },
    ),
    strange,
)
bare_rows = st.fixed_dictionaries(
    {"added_at": st.none() | st.just("2026-07-01T08:00:00Z") | texts},
    optional={"item": entries, "track": entries, "is_local": st.booleans(), "added_by": strange},
)
# A list is one of playlist rows if any of them has an entry.
playlist_rows = st.lists(bare_rows, max_size=4).map(lambda others: [*others, row({"id": "s9"})])


def _pages(rows: list[Json]) -> list[Json]:
    cut = len(rows) // 2
    return [page_body(*rows[:cut], total=len(rows)), page_body(*rows[cut:], offset=cut, total=len(rows))]


def _crlf(rows: list[Json]) -> bytes:
    return json.dumps(rows, indent=2).replace("\n", "\r\n").encode()


ENVELOPES: dict[str, Callable[[list[Json]], bytes]] = {
    "bare list": as_bytes,
    "page": lambda rows: as_bytes(page_body(*rows)),
    "page without href": lambda rows: as_bytes({"items": rows}),
    "list of pages": lambda rows: as_bytes(_pages(rows)),
    "NDJSON of pages": lambda rows: ndjson(*_pages(rows)),
    "new playlist": lambda rows: as_bytes({"type": "playlist", "id": "p1", "items": page_body(*rows)}),
    "old playlist": lambda rows: as_bytes({"id": "p1", "tracks": page_body(*rows)}),
    "dual playlist": lambda rows: as_bytes({"id": "p1", "tracks": page_body(*rows), "items": page_body(*rows)}),
    "NDJSON of rows": lambda rows: ndjson(*rows),
    "NDJSON with CRLF": lambda rows: ndjson(*rows).replace(b"\n", b"\r\n"),
    "pretty": lambda rows: json.dumps(rows, indent=2).encode(),
    "pretty with CRLF": _crlf,
    "gzip": lambda rows: gzip.compress(as_bytes(rows)),
    "byte order mark": lambda rows: b"\xef\xbb\xbf" + as_bytes(rows),
    "UTF-16": lambda rows: json.dumps(rows, ensure_ascii=False).encode("utf-16"),
    "UTF-32": lambda rows: json.dumps(rows, ensure_ascii=False).encode("utf-32"),
    "our own": lambda rows: write_document(raw_line(offset=page["offset"], body=page) for page in _pages(rows)),
}


def everything(data: bytes) -> list[tuple[int, str]]:
    """Position, kind, entry and reason of every row; as JSON, so that 1 and 1.0 differ."""
    document = read_document(data)
    assert document.damages == []
    (check,) = document.checks
    return [(position, to_json([row, entry_of(row)])) for position, row in check.rows()]


@pytest.mark.slow
@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(rows=playlist_rows)
def test_rows_are_the_same_in_every_envelope(rows: list[Json]) -> None:
    expected = everything(as_bytes(rows))

    assert [position for position, _ in expected] == [*range(len(rows))]
    for name, wrap in ENVELOPES.items():
        assert everything(wrap(rows)) == expected, name


ROWS = [
    song("s1", album={"id": "al1", "artists": [{"id": "a1"}], "images": [{"url": "u"}]}, available_markets=["SE"]),
    episode("e1", show={"id": "sh1"}, languages=["sv"]),
    local("spotify:local:A:B:C:1", artists=[{"name": ""}]),
    row({"id": "s2", "type": "track", "uri": "spotify:track:s2"}, key="track"),
    row(None),
]
OURS = raw_line(asked="/playlists/p1", offset=None, body={"id": "p1", "owner": {"id": "u1"}, "images": [{"url": "u"}]})
MUTATED: dict[str, bytes] = {
    "page": ENVELOPES["page"](ROWS),
    "rows": ENVELOPES["NDJSON of rows"](ROWS),
    "list": ENVELOPES["list of pages"](ROWS),
    "playlist": ENVELOPES["dual playlist"](ROWS),
    "own": gzip.decompress(write_document([OURS, *[raw_line(offset=p["offset"], body=p) for p in _pages(ROWS)]])),
    "manifest": Manifest(
        run_id="r1",
        extracted_at="2026-11-20T10:00:00Z",
        checks=(
            PlaylistCheck(
                playlist_id="p1", status="unchanged", playlist={"owner": {"id": "u1"}, "items": {"total": 5}}
            ),
        ),
    ).as_bytes(),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["page", "rows", "list", "playlist", "own", "manifest"],
)
def test_a_damaged_document_is_read_in_part_or_refused_and_never_fails_otherwise(name: str) -> None:
    chance = random.Random(f"damage of {name}")
    refused = 0
    for _ in range(400):
        data = mutated([MUTATED[name]], chance)
        try:
            document = read_document(data)
        except UnreadableDocumentError:
            refused += 1
        except Exception as error:  # noqa: BLE001  # show which document failed, for any error
            pytest.fail(f"{error!r} for {data!r}")
        else:
            for check in document.checks:
                for _, row in check.rows():
                    entry_of(row)

    assert 0 < refused < 400


@pytest.mark.parametrize(("missing", "is_complete"), [(None, True), (0, False), (3, False)])
def test_a_read_that_the_extractor_calls_incomplete_is_incomplete(missing: int | None, *, is_complete: bool) -> None:
    head = {"run_id": "r1", "playlist_id": "p1", "snapshot_id": "v1", "extracted_at": "2026-11-20T10:00:00Z"}
    line = head | {"asked": "/playlists/p1/items", "offset": 0, "attempt": 3}
    line |= {} if missing is None else {"missing": missing}
    body = {"items": [{"item": {"id": "s1"}}], "total": 1, "offset": 0}

    [check] = read_document(json.dumps(line | {"body": body}).encode()).checks

    assert (check.is_complete, check.item_count, check.snapshot_id) == (is_complete, 1, "v1")
