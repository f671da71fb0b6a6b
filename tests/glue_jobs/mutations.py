"""Documents that no client should send: values removed, nulled, retyped, nested, moved; bytes cut off or changed.

All random choices come from one seeded generator, so the same seed always gives the same documents.
"""

import copy
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

# Edge cases of JSON, Python, Java, Spark or Parquet.
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    7,
    1.5,
    -0.0,
    1e308,
    2**31 - 1,
    2**31,
    2**63,
    10**1200,
    "",
    " ",
    "text",
    " 7 ",
    "7e2",
    "0x7",
    "1e999",
    "NaN",
    "Infinity",
    "t",
    "no",
    "٣",
    "\u0000",
    "\ud83d",
    "\u2028",
    "\ufeff",
    "spotify:",
    "spotify:track:",
    "spotify:local:::::",
    "spotify:episode:e1",
    "0000",
    "0000-00-00",
    "1000-02-29",
    "1582-10-10",
    "2026-02-30",
    "2026-13-01",
    "2026-01-01\n",
    "9999-12-31",
    "+292278994-08-17",
    "2026-07-01T08:00:00Z",
    "2026-07-01T08:00:00.123456789Z",
    "2026-07-01T25:00:00Z",
    "2026-07-01T08:00:00+99:99",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-W01-1",
    "https://api.spotify.com/v1/me/tracks?offset=7",
    "https://api.spotify.com/v1/playlists/p/items?offset=999999999",
    "x" * 3000,
    [],
    {},
    [None],
    [[]],
    [{}],
    [[[[[[7]]]]]],
    {"id": {}},
    {"items": 5},
    {"items": []},
    {"total": 5},
    {"": None},
    {"error": {"status": 500, "message": "\ud83d"}},
)


def mutated(documents: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the documents with a few values changed, and sometimes its bytes as well."""
    data = chance.choice(documents)
    values = parsed(data)
    if values is None:
        return with_lost_bytes(data, chance)
    changed = with_odd_values(values, chance)
    spare = parsed(chance.choice(documents))
    if spare is not None and chance.random() < 0.1:
        _put_somewhere(changed, chance.choice(spare), chance)
    return with_lost_bytes(_written(changed, chance), chance)


def parsed(data: bytes) -> list[Any] | None:
    """The document's JSON values (one, or one per line); None if it holds none."""
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError):
            return None
    try:
        return [json.loads(data)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in data.splitlines() if line.strip()] or None
    except ValueError:
        return None


def with_odd_values(values: list[Any], chance: random.Random) -> list[Any]:
    """A copy with one to four values removed, nulled, retyped, wrapped, unwrapped, repeated or exchanged."""
    values = copy.deepcopy(values)
    for _ in range(chance.randint(1, 4)):
        places = _places(values)
        if places:
            chance.choice(_CHANGES)(*chance.choice(places), values, chance)
    return values


def _remove(container: Any, key: Any, *_: Any) -> None:
    del container[key]


def _null(container: Any, key: Any, *_: Any) -> None:
    container[key] = None


def _retype(container: Any, key: Any, _values: list[Any], chance: random.Random) -> None:
    container[key] = copy.deepcopy(chance.choice(ODD))


def _wrap(container: Any, key: Any, _values: list[Any], chance: random.Random) -> None:
    value = container[key]
    container[key] = chance.choice([[value], {"items": value}, {"id": value}, {"item": value}])


def _unwrap(container: Any, key: Any, *_: Any) -> None:
    if isinstance(container[key], dict):
        container[key] = next(iter(container[key].values()), None)


def _repeat(container: Any, key: Any, _values: list[Any], chance: random.Random) -> None:
    if isinstance(container, list):
        container[key:key] = [copy.deepcopy(container[key]) for _ in range(chance.randint(1, 60))]


def _rename(container: Any, key: Any, _values: list[Any], chance: random.Random) -> None:
    if isinstance(container, dict):
        container[chance.choice([key.upper(), key + "s", "id", "items", "item", "track", ""])] = container[key]


def _move(container: Any, key: Any, values: list[Any], chance: random.Random) -> None:
    _put_somewhere(values, copy.deepcopy(container[key]), chance)


_CHANGES = (_remove, _null, _retype, _retype, _wrap, _unwrap, _repeat, _rename, _move)


def with_lost_bytes(data: bytes, chance: random.Random) -> bytes:
    """Usually the document unchanged; else truncated, with changed bytes, re-encoded, gzipped or cut off as gzip."""
    if chance.random() < 2 / 3 or not data:
        return data
    at = chance.randrange(len(data))
    packed = gzip.compress(data, 1, mtime=0)
    broken = chance.randrange(len(packed))
    encoding = chance.choice(["utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7", "utf-8-sig"])
    return chance.choice(
        [
            data[:at],
            data[:at] + chance.randbytes(1) + data[at + 1 :],
            data[:at] + chance.randbytes(5) + data[at:],
            packed,
            packed[:broken],
            packed[:broken] + chance.randbytes(1) + packed[broken + 1 :],
            data.decode("utf-8", "replace").encode(encoding, "replace"),
            data.replace(b"\n", b"\r\n"),
            data + data,
        ]
    )


def _written(values: list[Any], chance: random.Random) -> bytes:
    """The values in a usual JSON form: a value per line, a list, indented, in a container, with or without escapes."""
    escaped = chance.random() < 0.5
    if chance.random() < 0.3:
        return chance.choice(_CONTAINERS)(values)
    if len(values) > 1 or chance.random() < 0.5:
        text = "\n".join(json.dumps(value, ensure_ascii=escaped) for value in values)
    else:
        text = json.dumps(values[0] if values else None, ensure_ascii=escaped, indent=chance.choice([None, 2]))
    return text.encode("utf-8", "surrogatepass")


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _zipped(values: list[Any]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, value in enumerate(values):
            archive.writestr(
                zipfile.ZipInfo(f"{number}.json"), _json(value)
            )  # no time stamp, so that bytes are reproducible
    return file.getvalue()


def _rows(value: Any) -> Any:
    """The rows of a page, or of a playlist's page."""
    for key in ("items", "tracks"):
        if isinstance(value, dict) and value.get(key):
            return _rows(value[key])
    return value


def _row(value: Any) -> Any:
    """The first row of a page or a playlist."""
    rows = _rows(value)
    return rows[0] if isinstance(rows, list) and rows else rows


_CONTAINERS: tuple[Callable[[list[Any]], bytes], ...] = (
    _zipped,
    lambda values: b"".join(map(_json, values)),
    lambda values: b"".join(json.dumps(value, indent=4).encode() for value in values),
    lambda values: _json(json.dumps(values)),
    lambda values: _json([values, [values]]),
    lambda values: _json({"data": values, "status": 200}),
    lambda values: _json({"playlists": values}),
    lambda values: _json({f"Playlist {number}": _rows(value) for number, value in enumerate(values)}),
    lambda values: _json([{"name": f"{number}", "tracks": _rows(value)} for number, value in enumerate(values)]),
    lambda values: _json({f"{number}": _row(value) for number, value in enumerate(values)}),
    lambda values: _json([{"json": _row(value)} for value in values]),
    lambda values: _json({"name": "Mine", "songs": [_row(value) for value in values]}),
    lambda values: b"HTTP/2 200 \r\ncontent-type: application/json\r\n\r\n" + _json(values),
    lambda values: b"[" + b",\n".join(map(_json, values)) + b",\n]",
    lambda values: json.dumps(values).encode("utf-16-le"),
    lambda values: _json(values).replace(b"0", b"NaN", 1),
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in the value, with each of its keys or indexes."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in [(value, key), *_places(value[key])]]


def _put_somewhere(values: list[Any], value: Any, chance: random.Random) -> None:
    places = _places(values)
    if places:
        container, key = chance.choice(places)
        container[key] = value
