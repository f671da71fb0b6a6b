"""`make import FILE=my_spotify_data.zip`: the listening history of your account data download, on this machine.

It imports the history without personal fields (user name, addresses, devices) and without private sessions, runs the
job and loads the warehouse. KEEP=platform,country,private keeps platform, country and private sessions.
docs/history.md says how to order the download, what is kept and what is dropped.
"""

import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from deploy.commands import CommandError, Parser, folder, run_command
from deploy.local.chain import Chain
from deploy.local.package import KEEP, NO_DATE, ZIPS, EqualRows, Opened, open_package, read_plays
from deploy.local.steps import DEMO_MARK, Steps, end_on_sigterm, plain_errors
from deploy.operate.places import log_of
from glue_jobs.reading.plays import ACCOUNT, EXTENDED
from shared import lake
from shared.document import document_id, timestamp
from shared.plays import Package, write_plays
from shared.store import ObjectStore, open_store
from shared.tables.plays import PLAYS
from shared.terminal import printable

_PLAYS_IN_DOCUMENT = 50_000
_MOST_IN_TWO_FILES = 100  # or one in twenty plays, if that is more: files of one package do not overlap


@dataclass
class Imported:
    """What an import did: plays by source, new and known documents, and counts by kind of what was left out."""

    plays: Counter[str] = field(default_factory=Counter)
    put: int = 0
    known: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    in_two_files: int = 0
    has_no_date: bool = False


def import_package(
    store: ObjectStore, path: Path, label: str, keep: frozenset[str], packaged_at: datetime | None = None
) -> Imported:
    """Put the plays of the package into raw/pending/plays/; writes only after all documents were made, each once.

    Raises CommandError; then nothing was imported, unless another package of the same time is pending.
    """
    opened = open_package(path)
    if not opened.files:
        zips = "; it contains ZIPs: unzip it and import each of them" if opened.others[ZIPS] else ""
        raise CommandError(f"the package has no listening history; docs/history.md says which download has one{zips}")
    imported = Imported(left_out=Counter(opened.others))
    imported.has_no_date = packaged_at is None and any(file.time <= NO_DATE for file in opened.files)
    with tempfile.TemporaryDirectory() as folder:
        made: list[tuple[str, Path]] = []
        for source in (EXTENDED, ACCOUNT):
            if opened.of(source):
                at = packaged_at or max(file.time for file in opened.of(source))
                package = Package(
                    account=label, source=source, package_id=opened.package_id(source), packaged_at=timestamp(at)
                )
                for data in _documents(opened, package, keep, imported):
                    document = Path(folder, str(len(made)))
                    document.write_bytes(data)
                    made.append((lake.plays_object(label, f"{at:%Y%m%dT%H%M%SZ}", len(made)), document))
        if imported.in_two_files > max(_MOST_IN_TWO_FILES, imported.plays.total() // 20):
            raise CommandError(
                f"{imported.in_two_files:,} plays are in two files, as if there were two packages: import each package "
                "by itself; nothing was imported"
            )
        known = {document.document_id for entry in log_of(store).entries() for document in entry.inputs}
        for key, document in made:
            _put(store, key, document.read_bytes(), known, imported)
    return imported


def _documents(opened: Opened, package: Package, keep: frozenset[str], imported: Imported) -> Iterable[bytes]:
    """The source's documents, one by one."""
    equal = EqualRows()
    try:
        for file in opened.of(package.source):
            plays = read_plays(file, package.account, keep, equal, imported.left_out)
            while chunk := list(islice(plays, _PLAYS_IN_DOCUMENT)):
                imported.plays[package.source] += len(chunk)
                yield write_plays(package, chunk)
    finally:
        imported.in_two_files += equal.in_two_files
        equal.close()


def _put(store: ObjectStore, key: str, data: bytes, known: set[str], imported: Imported) -> None:
    if document_id(data) in known:
        imported.known += 1
        return
    pending = store.get(key)
    if pending is not None and pending.data != data:
        raise CommandError("another package of this time is pending: run the job first, or name another PACKAGED time")
    imported.put += 1
    store.put(key, data)


def as_text(imported: Imported) -> str:
    """What was imported and what was left out, as text for people."""
    lines = [f"{count:,} plays of the {source} history." for source, count in imported.plays.items()]
    if imported.known:
        lines.append(f"{imported.known:,} of {imported.known + imported.put:,} documents were imported before.")
    if imported.has_no_date:
        lines.append(
            "A file has no date. If the package therefore counts as too old, write PACKAGED=2026-11-20T10:00:00Z."
        )
    if imported.left_out:
        lines += ["Left out:", *(f"  {count:>8,} {kind}" for kind, count in sorted(imported.left_out.items()))]
    return "\n".join(printable(line) for line in lines)


def main(argv: Sequence[str]) -> int:
    """Returns 0 if the history is in the lake and in the warehouse."""
    parser = Parser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--file", type=Path, required=True, help="the download: a ZIP, or its folder")
    parser.add_argument("--account", default="me", help="label for the person whose history it is (default: me)")
    parser.add_argument("--out", type=folder, default=Path("out/mine"), help="folder of the lake and the warehouse")
    parser.add_argument("--keep", default="", help="any of platform, country and private, with commas between")
    parser.add_argument(
        "--packaged", default="", help="when Spotify made the package, if its files have no date: an ISO time"
    )
    arguments = parser.parse_args(argv)
    if not lake.is_account(arguments.account):
        raise CommandError(
            f"ACCOUNT={printable(arguments.account)} is no label: write at most 32 of a-z, 0-9, _ and -, such as me"
        )
    keep = frozenset(name.strip() for name in arguments.keep.split(",") if name.strip())
    if unknown := sorted(keep - set(KEEP)):
        raise CommandError(f"KEEP has no {printable(unknown[0])}: write any of {', '.join(KEEP)} with commas between")
    out = arguments.out.resolve()
    if (out / DEMO_MARK).exists():
        raise CommandError(
            f"{out} is the folder of a demo, and the next demo empties it: name another folder, OUT=folder"
        )
    packaged_at = _packaged_at(arguments.packaged)
    if not arguments.file.exists():
        raise CommandError(
            f"there is no file {arguments.file}: name the download, such as FILE=my_spotify_data.zip, or its folder"
        )
    chain = Chain(lake=str(out / "lake"), warehouse=out / "warehouse", environment={})
    steps = Steps(3)
    with plain_errors(out):
        store = open_store(chain.lake, create=True)
        imported = steps.run(
            "The package is read", lambda: import_package(store, arguments.file, arguments.account, keep, packaged_at)
        )
        print(as_text(imported))
        summary = steps.run("The Glue job makes tables", chain.explode)
        steps.run("Snowpipe loads the warehouse", chain.load)
    rejects = sum(count for reason, count in summary["rejects"].items() if reason.startswith(f"{PLAYS.name}."))
    if rejects:
        verb = "play breaks" if rejects == 1 else "plays break"
        print(
            printable(f"{rejects:,} {verb} the contract of the table: see {out}/lake/{lake.REJECTS} for the reasons.")
        )
    print(printable(f"make report OUT={shlex.quote(str(arguments.out))} shows what you played and when."))
    return 0


def _packaged_at(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise CommandError(
            f"PACKAGED={printable(text)} is no ISO time: write it such as 2026-11-20T10:00:00Z"
        ) from error
    return at if at is None else at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(run_command("import", main, sys.argv[1:]))
