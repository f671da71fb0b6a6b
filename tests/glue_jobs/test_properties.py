"""Properties of any playlist: neither its shape nor the order of files makes a difference.

Hypothesis makes the playlists. A run of the job costs seconds, so all of them go through Spark at once, each shape and
each order with its own ids: an `@` in an id is replaced by the name of a world.
"""

import gzip
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from glue_jobs.explode_playlists import parse_arguments, run
from shared.contract import MadeFrom, ObservedPer, Table
from shared.document import RawLine, write_document
from shared.tables import TABLES
from tests.glue_jobs.accounts import assert_accounted_for, names, rejects, table
from tests.glue_jobs.documents import Json, as_bytes, page_body
from tests.glue_jobs.strategies import playlists

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORLD = re.compile("w[0-9]{2}")
DROP = "raw/pending/drop/"
MADE = [contract for contract in TABLES if contract.made_from in (MadeFrom.ITEM, MadeFrom.CHECK)]


def generated(count: int, strategy: st.SearchStrategy[Any]) -> list[Any]:
    """`count` examples, always the same."""
    examples: list[Any] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(strategy)
    def collect(example: Any) -> None:
        examples.append(example)

    collect()
    return examples


# --- shapes


def old(rows: list[Json]) -> list[Json]:
    """Rows as they were until 2026: `track` for `item`."""
    return [{"track" if key == "item" else key: value for key, value in row.items()} for row in rows]


def dual(rows: list[Json]) -> list[Json]:
    """Rows with both keys, `item` and `track`."""
    return [row | {"track": row["item"]} for row in rows]


def pages(playlist_id: str, rows: list[Json]) -> list[Json]:
    """Two pages, the first perhaps empty."""
    cut, total = len(rows) // 2, len(rows)
    first = page_body(*rows[:cut], playlist_id=playlist_id, total=total)
    return [first, page_body(*rows[cut:], playlist_id=playlist_id, offset=cut, total=total)]


def ndjson(values: Iterable[object]) -> bytes:
    return b"".join(as_bytes(value) + b"\n" for value in values)


def own(playlist_id: str, rows: list[Json]) -> bytes:
    """As the Lambda writes it: the playlist, whose embedded page does not count, and its pages."""
    bodies = [{"id": playlist_id, "items": page_body(*rows, playlist_id=playlist_id)}, *pages(playlist_id, rows)]
    asked = [f"/playlists/{playlist_id}", *[f"/playlists/{playlist_id}/items"] * 2]
    return write_document(
        RawLine(
            run_id=f"run of {playlist_id}",
            playlist_id=playlist_id,
            snapshot_id="",
            extracted_at="2026-11-20T10:00:00Z",
            asked=path,
            offset=body.get("offset"),
            attempt=1,
            body=body,
        )
        for path, body in zip(asked, bodies, strict=True)
    )


def recoded(data: bytes, encoding: str) -> bytes:
    return data.decode().encode(encoding)


SHAPES: dict[str, Callable[[str, list[Json]], bytes]] = {
    "page": lambda p, rows: as_bytes(page_body(*rows, playlist_id=p)),
    "old page": lambda p, rows: as_bytes(page_body(*old(rows), playlist_id=p)),
    "page in two languages": lambda p, rows: as_bytes(page_body(*dual(rows), playlist_id=p)),
    "list of pages": lambda p, rows: as_bytes(pages(p, rows)),
    "NDJSON of old pages": lambda p, rows: ndjson(pages(p, old(rows))),
    "playlist": lambda p, rows: as_bytes({"id": p, "items": page_body(*rows, playlist_id=p)}),
    "old playlist": lambda p, rows: as_bytes({"id": p, "tracks": page_body(*old(rows), playlist_id=p)}),
    "playlist and pages": lambda p, rows: ndjson(
        [{"id": p, "type": "playlist", "items": pages(p, rows)[0]}, *pages(p, rows)]
    ),
    "our own": own,
    "indented, in UTF-16": lambda p, rows: recoded(
        json.dumps(page_body(*rows, playlist_id=p), indent=1).encode(), "utf-16"
    ),
    "gzip": lambda p, rows: gzip.compress(as_bytes(page_body(*rows, playlist_id=p))),
}


def in_world(world: str, data: bytes) -> bytes:
    """The document with the world's ids."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.compress(in_world(world, gzip.decompress(data)), mtime=0)
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return data.decode(encoding).replace("@", world).encode(encoding)


# --- lakes


def drop(lake: Path, documents: Mapping[str, bytes]) -> None:
    for key, data in documents.items():
        path = lake / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (0, 0))


def take(lake: Path) -> None:
    arguments = ["--lake", str(lake)]
    run(parse_arguments(arguments), arguments, lambda: NOON)


def all_rows(lake: Path, contract: Table) -> list[Json]:
    published = table(lake, contract.name)
    return published.to_pylist() if published else []


def without_world(value: Any) -> Any:
    """The value without the world's name."""
    return WORLD.sub("@", value) if isinstance(value, str) else value


def world_of(row: Mapping[str, Any]) -> str:
    named = WORLD.search(row["source_object"])
    assert named
    return named[0]


def worlds(lake: Path) -> dict[str, dict[str, Counter[str]]]:
    """Rows by world and table, rejects by world; without values that depend on the document's bytes."""
    counted: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    unequal = {"batch_id", "document_id", "snapshot_id", "run_id"}
    for contract in MADE:
        for row in all_rows(lake, contract):
            same = {name: without_world(value) for name, value in row.items() if name not in unequal}
            counted[world_of(row)][contract.name][repr(same)] += 1
    for row in rejects(lake):
        same = {name: without_world(value) for name, value in row.items() if name not in unequal | {"row"}}
        counted[world_of(row)]["rejects"][repr(same)] += 1
    return counted


def test_a_playlist_makes_the_same_rows_in_whichever_shape(spark: SparkSession, tmp_path: Path) -> None:
    documents = {
        f"{DROP}at=20261120T100000Z/w{world:02d}-{number:03d}.json": in_world(
            f"w{world:02d}", shape(f"p{number}@", contract)
        )
        for number, contract in enumerate(generated(80, playlists))
        for world, shape in enumerate(SHAPES.values())
    }
    drop(tmp_path, documents)

    take(tmp_path)

    assert_accounted_for(tmp_path, documents)
    counted = worlds(tmp_path)
    expected = counted["w00"]
    assert [contract.name for contract in MADE if len(expected[contract.name]) < 3] == []
    assert len(expected["rejects"]) > 20
    for world, name in enumerate(SHAPES):
        for of, shapes in counted[f"w{world:02d}"].items():
            assert shapes == expected[of], f"{of} of {name}"


def current(rows: list[Json], contract: Table) -> Counter[str]:
    """Current rows as every engine computes them, without batch_id and source_object."""

    def best(candidates: list[Json], per: tuple[str, ...], order: tuple[str, ...]) -> list[Json]:
        top: dict[Any, Any] = {}
        for each in candidates:
            group, rank = tuple(each[name] for name in per), tuple(each[name] for name in order)
            top[group] = max(top.get(group, rank), rank)
        return [e for e in candidates if top[tuple(e[name] for name in per)] == tuple(e[name] for name in order)]

    in_order = ("extracted_at", "source_object", "source_position", "batch_id")
    if contract.newest_per:
        of_reads = contract.observed_per is ObservedPer.READ
        rows = best(rows, contract.newest_per, ("extracted_at", "source_object", "batch_id") if of_reads else in_order)
    rows = best(rows, contract.key, in_order)
    unequal = {"batch_id", "source_object"}
    return Counter(repr({name: value for name, value in row.items() if name not in unequal}) for row in rows)


def everything(lake: Path) -> dict[str, tuple[int, int]]:
    return {name: ((lake / name).stat().st_ino, (lake / name).stat().st_mtime_ns) for name in names(lake, ".")}


def test_neither_order_nor_names_nor_batches_of_documents_matter(spark: SparkSession, tmp_path: Path) -> None:
    made = generated(60, playlists)
    # Documents of equal times: the name breaks the tie, so it stays. Documents of different times may have any name.
    tied = {f"{DROP}at=2026112{n % 3}T100000Z/{n:03d}.json": (n, "w00") for n in range(60)}
    ordered = {f"{DROP}at=20261120T10{n:02d}00Z/{n:03d}.json": (n, "w01") for n in range(60)}
    shapes = list(SHAPES.values())
    shapes.remove(own)  # holds its own extraction time
    documents = {
        key: in_world(world, shapes[n % len(shapes)](f"p{n % 7}@", made[n]))
        for key, (n, world) in (tied | ordered).items()
    }
    renamed = {
        re.sub("/([0-9]{3})[.]", lambda name: f"/{99 - int(name[1]):03d}.", key) if key in ordered else key: data
        for key, data in documents.items()
    }
    once, often = tmp_path / "once", tmp_path / "often"

    drop(once, documents)
    take(once)
    arrived = list(renamed.items())
    drop(often, dict(arrived[::2]))
    take(often)
    drop(often, dict(arrived[1::2] + arrived[::4]))  # the second half, and half of the first again
    take(often)

    assert_accounted_for(once, documents)
    for contract in MADE:
        expected = current(all_rows(once, contract), contract)
        assert len(expected) > 2, contract.name
        assert current(all_rows(often, contract), contract) == expected, contract.name
    before = everything(once)
    take(once)
    assert everything(once) == before
