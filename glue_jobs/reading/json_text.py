"""From a file's bytes to JSON values: encodings, several values in one text, damaged lines, files in a ZIP.

Reasons name lines, columns and bytes; they never quote the text.
"""

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from glue_jobs.reading.model import Damage, UnreadableDocumentError
from glue_jobs.reading.values import Constant, Decimal
from shared.document import DocumentTooLargeError

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # the second is an empty archive
_MAX_MEMBERS = 1_000
_SPACE = re.compile("[ \t\r\n]*")
_BETWEEN = re.compile("[ \t\r\n,\x1e\ufeff]*")  # what may separate values: also the comma of a list without brackets
_DECODER = json.JSONDecoder(parse_constant=Constant, parse_float=Decimal)
_MAX_DIGITS = 4_300  # of an integer that Python parses


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAX_DIGITS else Decimal(text)


_DECODER_OF_LONG_NUMBERS = json.JSONDecoder(parse_constant=Constant, parse_float=Decimal, parse_int=_integer)


class _NoJsonError(ValueError):
    """There is no JSON value at this place of the text."""

    def __init__(self, text: str, place: int, *, is_too_deep: bool = False) -> None:
        self.line = text.count("\n", 0, place) + 1
        column = place - text.rfind("\n", 0, place)
        super().__init__("nested too deeply" if is_too_deep else f"no JSON at line {self.line}, column {column}")
        self.is_too_deep = is_too_deep


def parse(plain: bytes) -> tuple[list[Any], list[Damage]]:
    """The JSON values of a file, with or without newlines between them, and what was damaged.

    Raises UnreadableDocumentError if there is no value.
    """
    text = _text(plain)
    if not _BETWEEN.sub("", text[:1_000]) and not _BETWEEN.sub("", text):
        raise UnreadableDocumentError("the file is empty")
    values: list[Any] = []
    try:
        _parse_into(values, text)
    except _NoJsonError as error:
        by_line, damages = _lines(text)
        # One JSON value over many lines, broken somewhere, has lines that parse by chance; NDJSON has mostly good ones.
        if len(by_line) >= max(1, len(damages)):
            return by_line, damages
        if any(isinstance(value, dict | list) for value in values):
            return values, [Damage(f"the text after value {len(values)}: {error}")]
        raise UnreadableDocumentError(f"{error}{_hint(text)}") from error
    return values, []


def embedded(text: str) -> Any:  # noqa: ANN401  # a JSON value is anything
    """The JSON that a text holds, also as JSON in a JSON string; the text itself if it holds none."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        values: list[Any] = []
        _parse_into(values, text)
    except _NoJsonError:
        return text
    if len(values) > 1:
        return values
    return embedded(values[0]) if isinstance(values[0], str) else values[0]


def zip_infos(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of a ZIP without the second file of attributes that macOS adds for each."""
    return [info for info in archive.infolist() if not info.is_dir() and "__MACOSX/" not in info.filename]


def members(data: bytes, limit: int | None) -> Iterator[bytes]:
    """The files of a ZIP, in their order. Raises UnreadableDocumentError if it cannot be read or is too large."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = zip_infos(archive)
            if not infos:
                raise UnreadableDocumentError("an empty ZIP")
            if len(infos) > _MAX_MEMBERS:
                raise UnreadableDocumentError(
                    f"a ZIP of {len(infos):,} files, more than the limit of {_MAX_MEMBERS:,}: unzip it into a folder"
                )
            size = 0
            for info in infos:
                with archive.open(info) as member:
                    content = member.read(-1 if limit is None else limit - size + 1)
                size += len(content)
                if limit is not None and size > limit:
                    raise UnreadableDocumentError(str(DocumentTooLargeError(limit)))
                yield content
    except (RuntimeError, NotImplementedError) as error:  # as zipfile reports a password and an unknown method
        raise UnreadableDocumentError("a ZIP that needs a password or an unusual program: unzip it first") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        if isinstance(error, UnreadableDocumentError):
            raise
        raise UnreadableDocumentError("a ZIP that is cut off or broken") from error


def _text(plain: bytes) -> str:
    encoding = json.detect_encoding(plain)
    try:
        return plain.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper().removesuffix("-SIG")
        raise UnreadableDocumentError(f"the text is not {name} (byte {error.start})") from error


def _parse_into(values: list[Any], text: str, between: re.Pattern[str] = _BETWEEN) -> None:
    """Adds each value of the text to `values` as it is parsed. Raises _NoJsonError."""
    place = 0
    while True:
        separator = between.match(text, place)
        place = separator.end() if separator else place
        if place == len(text):
            return
        value, place = _value(text, place)
        values.append(value)


def _value(text: str, place: int) -> tuple[Any, int]:
    try:
        try:
            return _DECODER.raw_decode(text, place)
        except json.JSONDecodeError:
            raise
        except ValueError:
            return _DECODER_OF_LONG_NUMBERS.raw_decode(text, place)
    except json.JSONDecodeError as error:
        raise _NoJsonError(text, error.pos) from error
    except RecursionError as error:
        raise _NoJsonError(text, place, is_too_deep=True) from error


def _lines(text: str) -> tuple[list[Any], list[Damage]]:
    values, damages = [], []
    # Not splitlines(): U+2028 and its like are allowed inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            of_line: list[Any] = []
            _parse_into(of_line, line, _SPACE)
        except _NoJsonError as error:
            damages.append(Damage(f"line {number} is no JSON" + (", nested too deeply" if error.is_too_deep else "")))
            continue
        values += [value for value in of_line if isinstance(value, dict | list | str)]
        if any(not isinstance(value, dict | list | str) for value in of_line):
            damages.append(Damage(f"line {number} is neither an object nor a list"))
    return values, damages


def _hint(text: str) -> str:
    start = text.lstrip()[:200]
    if start.startswith("<"):
        return ": it begins like a web page"
    if re.match(r"[\[{(\s]*'", start):
        return ": it begins like Python's own notation; write it with json.dumps"
    if re.match(r"[^{\[\n]*[,;\t][^{\[\n]*[,;\t]?[^{\[\n]*\n", start):
        return ": it begins like a table (CSV), which is not read"
    return ""
