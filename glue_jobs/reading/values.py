"""Converts one JSON value to the type of its column, or reports it as malformed.

docs/data-model.md has a table of the accepted forms.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from shared.contract import Type

MAX_TEXT = 1_000_000  # characters; a longer text is malformed
_EXCERPT = 200

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BOOLEANS = dict.fromkeys(("true", "t", "yes", "y", "1"), True) | dict.fromkeys(("false", "f", "no", "n", "0"), False)
_BITS = {Type.INT: 31, Type.BIGINT: 63}
_FARTHEST_ZONE = timedelta(hours=18)  # of any place on Earth, and the limit of SQL engines

Scalar = str | int | bool | date | datetime | None


class Decimal:
    """A JSON number with a fraction or an exponent, as its text.

    Not a float: pyarrow would cut 1.5 to 1 for an integer column without an error.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        """The number as Python's JSON writes it: 1e3 is 1000.0, 1e999 is Infinity."""
        return json.dumps(float(self._text))


class Constant(Decimal):
    """NaN, Infinity or -Infinity. Python writes them, but they are no JSON: malformed for every type."""


class MalformedError(ValueError):
    """The value does not fit the type; the message is the reason, with an excerpt of the value."""


def to_json(value: object) -> str:
    """The value as JSON text, or "nested too deeply" for a value that can be parsed but not written."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_as_json)
    except RecursionError:
        return '"nested too deeply"'


def _as_json(value: object) -> object:
    if isinstance(value, Decimal):
        return float(str(value))
    if isinstance(value, Sequence):  # the rows of a page that pyarrow parsed
        return list(value)
    raise TypeError(type(value))


def malformed(kind: Type, value: object) -> str:
    """Why a value is not of the type, with an excerpt of it."""
    if isinstance(value, str) and kind is not Type.STRING and len(value) <= MAX_TEXT:
        return f"no {kind}: {value[:_EXCERPT]}"
    return f"no {kind}: {to_json(value)[:_EXCERPT]}"


def cast(value: object, kind: Type) -> Scalar:
    """The JSON value as a value of the type; null for an empty text where the type is STRING. Raises MalformedError."""
    if kind is Type.TIMESTAMP and isinstance(value, str) and (at := _utc_timestamp(value)) is not None:
        return at
    text = _text(value)
    result = None if text is None else _CASTS[kind](text)
    if result is None and (text != "" or kind is not Type.STRING):
        raise MalformedError(malformed(kind, value))
    return result


def clean_text(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which UTF-8 cannot encode."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _text(value: object) -> str | None:
    """The scalar's text as JSON has it; null for an object, a list and a text that is too long."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal) and not isinstance(value, Constant):
        return str(value)
    return None


def _to_string(text: str) -> str | None:
    return clean_text(text) or None


def _to_integer(text: str, bits: int) -> int | None:
    if not _INTEGER.fullmatch(text.strip()):
        return None
    number = int(text)
    return number if -(2**bits) <= number < 2**bits else None


def _utc_timestamp(text: str) -> datetime | None:
    """A time in the form of the API, such as 2026-11-20T10:00:00Z; null for all other texts, valid or not."""
    if len(text) != 20 or text[19] != "Z" or text[10] != "T" or text[4] != "-" or text[7] != "-":  # noqa: PLR2004  # places in the text
        return None
    try:
        return datetime.fromisoformat(text[:19])
    except ValueError:
        return None


def _to_timestamp(text: str) -> datetime | None:
    """The time in UTC without a zone; null if UTC is outside of the years 1 to 9999, the range of SQL engines."""
    if not _TIMESTAMP.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text)
        offset = at.utcoffset()
        if offset is None or abs(offset) > _FARTHEST_ZONE:
            return None
        return at.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _to_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


_CASTS = {
    Type.STRING: _to_string,
    Type.INT: lambda text: _to_integer(text, _BITS[Type.INT]),
    Type.BIGINT: lambda text: _to_integer(text, _BITS[Type.BIGINT]),
    Type.BOOLEAN: lambda text: _BOOLEANS.get(text.strip().lower()),
    Type.DATE: _to_date,
    Type.TIMESTAMP: _to_timestamp,
}
