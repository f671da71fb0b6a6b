"""The reconciliation: every row that was made from an item is published, refused, left out or superseded."""

from collections import Counter
from typing import Any

from glue_jobs.read_batch import BatchRead
from glue_jobs.write_tables import Staged
from shared.contract import KINDS
from shared.tables import TABLES
from shared.tables.batches import BATCHES


class ReconciliationError(Exception):
    """The counts of items and rows contradict each other. This is a fault of the suite, so nothing is committed."""


def reconcile(read: BatchRead, staged: Staged) -> dict[str, Any]:
    """The reconciliation, as the log keeps it. Raises ReconciliationError if the counts do not add up.

    `kinds` counts the batch's items by kind. `documents` counts them for each raw object, by its key, and `plays` the
    plays of each. `tables` has, for each table, the number of rows that were made; refused for a value; left out
    because their document lacks keys (only if there are any); superseded by a newer observation of the same batch or by
    an earlier element of the same list; and published. `sha256` has the hash of each staged file, by its key:
    `make status` compares it to detect damage.
    """
    _check_kinds(read)
    tables: dict[str, dict[str, int]] = {}
    for table in TABLES:
        if table is BATCHES or not read.made[table.name]:
            continue
        made, refused, published = read.made[table.name], read.refused[table.name], staged.published(table.name)
        superseded = read.accepted(table.name) - published
        if superseded < 0 or (superseded and not table.newest_per):
            raise ReconciliationError(
                f"{table.name}: {made} rows were made and {refused} refused, but {published} were written; nothing was "
                "committed."
            )
        accepted = staged.accepted.get(table.name, 0)
        if accepted != read.accepted(table.name):
            raise ReconciliationError(
                f"{table.name}: the reader accepted {read.accepted(table.name)} rows, but Spark made {accepted}; "
                "nothing was committed."
            )
        left_out = {"left_out": count} if (count := read.left_out[table.name]) else {}
        tables[table.name] = {
            "made": made,
            "refused": refused,
            **left_out,
            "superseded": superseded,
            "published": published,
        }
    plays = {key: count for key, count in read.plays.items() if count}
    documents = {key: {kind: count for kind, count in kinds.items() if count} for key, kinds in read.documents.items()}
    return {
        "kinds": {kind: read.kinds[kind] for kind in KINDS},
        "documents": documents,
        "tables": tables,
        "sha256": read.digests | staged.digests,
        **({"plays": plays} if plays else {}),
    }


def _check_kinds(read: BatchRead) -> None:
    """Checks that every item has one kind and one row of `playlist_items`, and each song and episode one row, too.

    A song whose position is rejected has the kind rejected, but still makes a row of `songs`.
    """
    summed = sum(read.documents.values(), Counter[str]())
    if {kind: summed[kind] for kind in KINDS} != {kind: read.kinds[kind] for kind in KINDS}:
        raise ReconciliationError(
            f"The documents have {dict(summed)}, the batch has {dict(read.kinds)}; nothing was committed."
        )
    if read.made["playlist_items"] != read.kinds.total():
        raise ReconciliationError(
            f"{read.kinds.total()} items were read, but {read.made['playlist_items']} rows of playlist_items were made "
            "of them; nothing was committed."
        )
    if read.made["plays"] != read.plays.total():
        raise ReconciliationError(
            f"{read.plays.total()} plays were read, but {read.made['plays']} rows were made of them; nothing "
            "was committed."
        )
    for kind, table in (("song", "songs"), ("episode", "episodes")):
        if not 0 <= read.made[table] - read.kinds[kind] <= read.kinds["rejected"]:
            raise ReconciliationError(
                f"{read.kinds[kind]} items are of kind {kind} and {read.kinds['rejected']} are rejected, but "
                f"{read.made[table]} rows of {table} were made of them; nothing was committed."
            )
