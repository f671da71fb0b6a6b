"""Helpers for the checks that a document holds."""

from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import Check


def only_check(data: bytes) -> Check:
    """The only check of a document."""
    (check,) = read_document(data).checks
    return check


def positions(check: Check) -> list[int]:
    """The positions of its rows, in reading order."""
    return [position for position, _ in check.rows()]


def song_ids(check: Check) -> list[str]:
    """The ids of its songs, in reading order."""
    return [row["item"]["id"] for _, row in check.rows()]
