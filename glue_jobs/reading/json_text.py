"""Parses a file's bytes to JSON values: encodings, several values in one text, damaged lines, files in a ZIP.

Reasons name lines, columns and bytes; they never quote the text.
"""

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import Any

from glue_jobs.reading.model import Damage, UnreadableDocumentError
from glue_jobs.reading.values import Constant, Decimal
from shared.document import DocumentTooLargeError

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # the second is an empty archive
_OFFICE_PART = "[Content_Types].xml"  # in each ZIP that is an Office document (ECMA-376, part 2)
# First bytes of binary files, and what these files are (as the program `file` recognises them).
_MAGIC = (
    (b"\x1f\x8b", "gzip in gzip: uncompress it once"),
    (b"BZh", "a bzip2 file: uncompress it"),
    (b"\xfd7zXZ\0", "an xz file: uncompress it"),
    (b"(\xb5/\xfd", "a Zstandard file: uncompress it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it into a folder"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it into a folder"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
)
_TAR_AT, _TAR_MAGIC = 257, b"ustar"
_MAX_MEMBERS = 1_000
_SPACE = re.compile("[ \t\r\n]*")
_BETWEEN = re.compile("[ \t\r\n,\x1e\ufeff]*")  # what may separate values, also a comma
# What `curl -i` writes before the answer, once for each answer: a status line and headers.
_HTTP_HEAD = re.compile(r"(?:HTTP/[0-9.]+ [0-9]{3}[^\n]*\n(?:[^\n:{\[]+:[^\n]*\n)*\r?\n)+")
_TRAILING_COMMA = re.compile(r",[ \t\r\n]*(?=[\]}])")
_MAX_STARTS = 20  # places where JSON after other text may begin
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
        self.place = place


def parse(plain: bytes) -> tuple[list[Any], list[Damage]]:
    """The JSON values of a file, with or without newlines between them, and what was damaged.

    Raises UnreadableDocumentError if there is no value.
    """
    text = _text(plain)
    if text.startswith("HTTP/") and (head := _HTTP_HEAD.match(text)):
        text = "\n" * head[0].count("\n") + text[head.end() :]  # keeps the line numbers
    if not _BETWEEN.sub("", text[:1_000]) and not _BETWEEN.sub("", text):
        raise UnreadableDocumentError("the file is empty")
    values: list[Any] = []
    try:
        _parse_into(values, text)
    except _NoJsonError as error:
        by_line, damages = _lines(text)
        # Of one broken JSON value on many lines, a few lines parse by chance; of NDJSON, most lines parse.
        if len(by_line) >= max(1, len(damages)):
            return by_line, damages
        if any(isinstance(value, dict | list) for value in values):
            return values, [Damage(f"the text after value {len(values)}: {error}")]
        raise UnreadableDocumentError(f"{error}{_hint(text, error)}") from error
    if len(values) > 1 and not any(isinstance(value, dict | list) or embedded(value) is not value for value in values):
        raise UnreadableDocumentError(f"no JSON object and no list{_hint(text)}")
    return values, []


def embedded(text: Any) -> Any:  # noqa: ANN401  # a JSON value is anything
    """The JSON value in a text, also from JSON in a JSON string; the argument itself if it is no text with JSON."""
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[", '"')):
        return text
    try:
        values: list[Any] = []
        _parse_into(values, text)
    except _NoJsonError:
        return text
    if len(values) > 1:
        return values
    return embedded(values[0])


def zip_infos(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files of a ZIP, without the files of attributes that macOS adds."""
    return [info for info in archive.infolist() if not info.is_dir() and "__MACOSX/" not in info.filename]


def members(data: bytes, limit: int | None) -> Iterator[bytes]:
    """The files of a ZIP, in their order. Raises UnreadableDocumentError if it cannot be read or is too large."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            infos = zip_infos(archive)
            if not infos:
                raise UnreadableDocumentError("an empty ZIP")
            if any(info.filename == _OFFICE_PART for info in infos):
                raise UnreadableDocumentError("an Office document (Excel or Word), which is not read")
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
    except (RuntimeError, NotImplementedError) as error:  # zipfile raises these for a password and an unknown method
        raise UnreadableDocumentError("a ZIP that needs a password or an unusual program: unzip it first") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        if isinstance(error, UnreadableDocumentError):
            raise
        raise UnreadableDocumentError("a ZIP that is cut off or broken") from error


def _text(plain: bytes) -> str:
    for magic, name in _MAGIC:
        if plain.startswith(magic):
            raise UnreadableDocumentError(f"no JSON: {name}")
    if plain and not plain.strip(b"\0"):
        raise UnreadableDocumentError("the file has zero bytes alone: save it again")
    if plain.startswith(_TAR_MAGIC, _TAR_AT):
        raise UnreadableDocumentError("no JSON: a tar archive: unpack it into a folder")
    encoding = json.detect_encoding(plain)
    try:
        return plain.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper().removesuffix("-SIG")
        raise UnreadableDocumentError(f"the text is not {name} (byte {error.start}): save it as UTF-8") from error


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
        # Python 3.13 names the place of a comma before a closing bracket, earlier versions that of the bracket.
        comma = _TRAILING_COMMA.match(text, error.pos)
        raise _NoJsonError(text, comma.end() if comma else error.pos) from error
    except RecursionError as error:
        raise _NoJsonError(text, place, is_too_deep=True) from error


def _lines(text: str) -> tuple[list[Any], list[Damage]]:
    values, damages = [], []
    # Not splitlines(): it also splits at U+2028 and similar characters, which are allowed inside a JSON string.
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


def _hint(text: str, error: _NoJsonError | None = None) -> str:
    """What the text is instead of JSON, or where it is broken, and what to do; empty if this is not known."""
    start = text.lstrip("\ufeff \t\r\n")[:200]
    for pattern, hint in _BEGINNINGS:
        if re.match(pattern, start):
            return f": {hint}"
    if error is None:
        return ""
    if start.startswith(("{", "[", '"')):
        return _hint_inside(text[: error.place].rstrip(), text[error.place :].lstrip())
    starts = _json_starts(text)
    for start_at in starts:
        if _is_json_at(text, start_at):
            line, column = text.count("\n", 0, start_at) + 1, start_at - text.rfind("\n", 0, start_at)
            return f": other text comes before the JSON, which begins at line {line}, column {column}; remove that text"
    return "" if starts else ": it is other text, without a JSON object or list"


def _json_starts(text: str) -> list[int]:
    """Where JSON may begin after other text: the first brackets at the beginning of lines, else the first bracket."""
    at_lines = [match.start() for match in islice(re.finditer(r"(?m)^[{\[]", text), _MAX_STARTS)]
    return at_lines or [match.start() for match in islice(re.finditer(r"[{\[]", text), 1)]


def _is_json_at(text: str, place: int) -> bool:
    try:
        return bool(_value(text, place)[0])
    except _NoJsonError:
        return False


def _hint_inside(before: str, rest: str) -> str:
    """What is wrong in a text that begins like JSON, and is JSON up to `rest`."""
    if "\n" not in rest and not re.search(r"[\]}]", rest):
        return ": the file ends too early, perhaps it was cut off; save it again"
    if before.endswith(",") and rest.startswith(("]", "}")):
        return ": remove the comma before the closing bracket"
    if rest.startswith(_TYPOGRAPHIC_QUOTES):
        return ": it has typographic quotation marks; save it as plain text"
    return ""


_TYPOGRAPHIC_QUOTES = ("\u201c", "\u201d", "\u201e", "\u2018", "\u2019", "\u00ab")
_BEGINNINGS = (
    (r"<\?xml", "it begins like XML, which is not read"),
    (r"<", "it begins like a web page; request the answer again"),
    (r"[\[{(\s]*'", "it begins like Python's own notation; write it with json.dumps"),
    (r"//|/\*|[{\[][\s{\[]*(?:[A-Za-z_$][\w$]*\s*:|//|/\*)", "it begins like JSON5 or JavaScript; write it as JSON"),
    (r"[^{\[\n]*[,;\t][^{\[\n]*[,;\t]?[^{\[\n]*\n", "it begins like a table (CSV), which is not read"),
)
