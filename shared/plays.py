"""The document of plays: rows of a listening history as newline-delimited JSON, without personal fields.

The first line is `{"plays": 1, "account", "source", "package_id", "packaged_at"}`. Every other line is one play;
its keys are columns of the table `plays`, and absent where the package has no value.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.document import compressed

FIRST_BYTES = b'{"plays": 1, '


_as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, kw_only=True)
class Package:
    """Where plays come from: one source (extended or account) of one download. `packaged_at` is an ISO time in UTC."""

    account: str
    source: str
    package_id: str
    packaged_at: str


def write_plays(package: Package, plays: Iterable[Mapping[str, Any]]) -> bytes:
    """The plays as a gzipped document; equal plays of one package give equal bytes."""
    lines = [_as_json({"plays": 1, **asdict(package)}), *map(_as_json, plays), ""]
    return compressed(["\n".join(lines)])
