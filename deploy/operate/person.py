"""Finds what names a Spotify user in documents, texts and tables, and removes it."""

import gzip
import io
import json
import re
import zipfile
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.reading.json_text import ZIP_MAGIC, members, zip_infos
from glue_jobs.reading.model import UnreadableDocumentError
from shared.contract import Table, Type
from shared.document import GZIP_MAGIC, MAX_BYTES, DamagedDocumentError, uncompressed

_PERSONS = ("owner", "added_by", "collaborators")  # keys under which the API names a person


class Person:
    """Finds one Spotify user id in documents, texts and tables, and removes it."""

    def __init__(self, user_id: str) -> None:
        """The id as Spotify writes it, for example in `spotify:user:<id>`."""
        self.user_id = user_id
        ids = "|".join(sorted({re.escape(user_id), re.escape(quote(user_id, safe=""))}))
        self._address = re.compile(rf"(?:spotify:user:|/users?/)(?:{ids})(?=$|[:/?#])")
        self._word = re.compile(rf"(?<![\w.-])(?:{ids})(?![\w-])")
        self._hints = {user_id, quote(user_id, safe=""), "\\u"}  # the id may have escaped letters

    def out_of(self, value: Any, key: str = "") -> Any:  # noqa: ANN401  # a JSON value is anything
        """The value without the person: the person's object and addresses are null."""
        if isinstance(value, dict):
            if self._is(value, key):
                return None
            return {name: self.out_of(child, name) for name, child in value.items()}
        if isinstance(value, list):
            return [self.out_of(child, key) for child in value]
        if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
            return self.out_of_text(value)  # JSON in a JSON string
        if isinstance(value, str) and (self._address.search(value) or (key in _PERSONS and value == self.user_id)):
            return None
        return value

    def _is(self, value: dict[str, Any], key: str) -> bool:
        is_person = key in _PERSONS or value.get("type") == "user" or str(value.get("uri")).startswith("spotify:user:")
        return is_person and "snapshot_id" not in value and value.get("id") == self.user_id

    def out_of_text(self, text: str) -> str:
        """JSON, or lines of JSON, without the person. From other text the id is removed where it is a whole word."""
        if not any(hint in text for hint in self._hints):
            return text
        try:
            return self._json(text)
        except (ValueError, RecursionError):
            return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        try:
            return self._json(line) if line.strip() else line
        except (ValueError, RecursionError):
            return self.cut(line)

    def _json(self, text: str) -> str:
        value = json.loads(text)
        without = self.out_of(value)
        if without == value:
            return text
        return json.dumps(without, ensure_ascii=False, allow_nan=False) + ("\n" if text.endswith("\n") else "")

    def cut(self, text: str) -> str:
        """The text without the id where it is a whole word."""
        return self._word.sub("", text)

    def out_of_document(self, data: bytes, limit: int | None = MAX_BYTES) -> bytes:
        """The raw object without the person; the same bytes if it does not mention the person.

        Raises DamagedDocumentError or UnicodeError for an object that cannot be read.
        """
        plain = uncompressed(data, limit)
        if plain.startswith(ZIP_MAGIC):
            return self._out_of_zip(plain, data, limit)
        text = plain.decode(json.detect_encoding(plain))
        without = self.out_of_text(text)
        if without == text:
            return data
        encoded = without.encode("utf-8", "replace")
        return gzip.compress(encoded, mtime=0) if data.startswith(GZIP_MAGIC) else encoded

    def _out_of_zip(self, plain: bytes, data: bytes, limit: int | None) -> bytes:
        files = zip_files(plain, limit)
        without = {name: self.out_of_document(content, limit) for name, content in files.items()}
        if without == files:
            return data
        rewritten = io.BytesIO()
        with zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in without.items():
                archive.writestr(name, content)
        return rewritten.getvalue()

    def out_of_rejects(self, data: bytes) -> bytes:
        """A file of rejects without the person, in its rows and its reasons."""
        lines = gzip.decompress(data).decode().split("\n")  # not splitlines(): U+2028 is allowed inside a JSON string
        changed = [self._reject(line) if line else line for line in lines]
        return data if changed == lines else gzip.compress("\n".join(changed).encode(), mtime=0)

    def _reject(self, line: str) -> str:
        record = json.loads(line)
        without = dict(record)
        for name in ("row", "reason"):
            if isinstance(record.get(name), str):
                without[name] = self.cut(record[name]) if name == "reason" else self.out_of_text(record[name])
        return line if without == record else json.dumps(without, ensure_ascii=False)

    def out_of_rows(self, rows: pa.Table, table: Table) -> tuple[pa.Table, int]:
        """The table's rows without the person, and the number of rows that named the person."""
        hit = pa.array([False] * rows.num_rows)
        for name, is_address in person_columns(table):
            if name not in rows.column_names:
                continue
            column = rows.column(name)
            is_person = (
                pc.match_substring_regex(column, f"{self._address.pattern.replace('(?=$|[:/?#])', '($|[:/?#])')}")
                if is_address
                else pc.equal(column, self.user_id)
            )
            is_person = pc.fill_null(is_person, False)  # noqa: FBT003  # its value
            empty = pa.scalar(None, column.type)
            place = rows.column_names.index(name)
            rows = rows.set_column(place, rows.schema.field(name), pc.if_else(is_person, empty, column))
            hit = pc.or_(hit, is_person.combine_chunks() if isinstance(is_person, pa.ChunkedArray) else is_person)
        return rows, int(pc.sum(hit).as_py() or 0)


def zip_files(data: bytes, limit: int | None) -> dict[str, bytes]:
    """The files of a ZIP by their names. Raises DamagedDocumentError if it cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return dict(zip([info.filename for info in zip_infos(archive)], members(data, limit), strict=True))
    except (zipfile.BadZipFile, UnreadableDocumentError) as error:
        raise DamagedDocumentError(str(error)) from error


def person_columns(table: Table) -> list[tuple[str, bool]]:
    """The table's columns that can name a person, from its contract, and whether the column is an address.

    A table without a person's id has none: songs, albums and artists have only addresses of their own.
    """
    ids = [
        column.name
        for column in table.columns
        if any(path.endswith(tuple(f"{person}.id" for person in _PERSONS)) for path in column.sources)
    ]
    if not ids:
        return []
    addresses = [
        column.name
        for column in table.columns
        if column.type is Type.STRING and column.nullable and column.name.endswith(("url", "uri"))
    ]
    return [(name, False) for name in ids] + [(name, True) for name in addresses]
