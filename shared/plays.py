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


@dataclass(frozen=True, kw_only=True)
class Package:
    """Where plays come from: one source (extended or account) of one download. `packaged_at` is an ISO time in UTC."""

    account: str
    source: str
    package_id: str
    packaged_at: str


def write_plays(package: Package, plays: Iterable[Mapping[str, Any]]) -> bytes:
    """The plays as a gzipped document; equal plays of one package give equal bytes."""
    lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in plays)
    return compressed([json.dumps({"plays": 1, **asdict(package)}, ensure_ascii=False) + "\n", *lines])
