"""The keys of the lake; no other module writes one by hand.

No key has a colon, because Spark cannot read a local file with a colon in its name.
"""

import re
from datetime import date

PENDING = "raw/pending/"
DROP = "raw/pending/drop/"
PLAYS = "raw/pending/plays/"
QUIET = "raw/quiet/"
STAGING = "staging/"
PROCESSED = "processed/"
REJECTS = "rejects/"
LOG = "log/"
DONE = "log/done/"
ATTEMPTS = "log/attempts/"
WATERMARK = "log/frontier.json"  # the number up to which all entries have completion markers
MORE = "log/more.json"  # exists after a run that stopped before it had taken everything
RETENTION = "log/retention.json"  # the log number up to which retention has removed everything
STATE = "state/"
MANIFEST_NAME = "_manifest.json"
RUN_FOLDERS = "raw/pending/run="
EXTRACTION_STATE = "state/playlists.json"


def file_safe(name: str) -> str:
    """The name as part of a key; `liked:me` becomes `liked-me`."""
    return name.replace(":", "-")


def raw_object(run_id: str, playlist_id: str) -> str:
    """One complete read of one playlist."""
    return f"{PENDING}run={run_id}/{file_safe(playlist_id)}.ndjson.gz"


def plays_object(account: str, packaged_at: str, number: int) -> str:
    """Plays of one listening history, the document of this number; `packaged_at` such as 20261120T100000Z."""
    return f"{PLAYS}{account}/{packaged_at}-{number:03d}.ndjson.gz"


def is_account(label: str) -> bool:
    """Whether the text can be the label of an account, which is a folder's name."""
    return re.fullmatch("[a-z0-9][a-z0-9_-]{0,31}", label) is not None


def is_plays_of(account: str, key: str) -> bool:
    """Whether the raw object has plays of the account, pending or archived."""
    return pending_key(key).startswith(f"{PLAYS}{account}/")


def manifest(run_id: str) -> str:
    """What a run read, skipped and failed. The run writes it last, and its arrival starts the job."""
    return f"{PENDING}run={run_id}/{MANIFEST_NAME}"


def no_change_manifest(run_id: str) -> str:
    """The manifest of a run that read nothing. It starts no job, but the next batch takes it."""
    return f"{QUIET}run={run_id}.json"


def run_mark(run_id: str) -> str:
    """Exists when the run has written its manifest; it stays when the manifest is archived."""
    return f"{STATE}runs/{run_id}.json"


def is_manifest(key: str) -> bool:
    """Whether the raw object is a run's manifest."""
    return key.endswith("/" + MANIFEST_NAME) or key.startswith(QUIET)


def archived(number: int, key: str, *, quarantined: bool = False) -> str:
    """Where a raw object is archived after the batch with this log number."""
    place = "raw/quarantine/" if quarantined else "raw/processed/"
    if key.startswith(QUIET):  # a separate folder, since pending objects may have any name
        return f"{place}{number:020d}-quiet/{key.removeprefix(QUIET)}"
    return f"{place}{number:020d}/{key.removeprefix(PENDING)}"


def staging(batch_id: str, table: str = "") -> str:
    """Where a batch is prepared; users never read it."""
    return f"{STAGING}{batch_id}/{table}/" if table else f"{STAGING}{batch_id}/"


def probe(ulid: str) -> str:
    """Where a run tests whether it can write and read; removed at once."""
    return staging(f"probe-{ulid}")


def processed_file(table: str, on: date, number: int, part: int) -> str:
    """A published file. It never changes, and its name is never used twice."""
    return f"{PROCESSED}{table}/ingest_date={on.isoformat()}/{number:020d}-{part:05d}.parquet"


def published_number(key: str) -> int:
    """The log number of the batch that published the file."""
    return int(key.rpartition("/")[2].partition("-")[0])


def rejects_file(on: date, number: int, part: int) -> str:
    """Rows and documents that were refused, one JSON object a line."""
    return f"{REJECTS}ingest_date={on.isoformat()}/{number:020d}-{part:05d}.json.gz"


def pending_key(key: str) -> str:
    """The key that an archived object had when it arrived; any other key or URI is returned unchanged."""
    match = re.fullmatch(r"raw/(?:processed|quarantine)/[0-9]{20}(-quiet)?/(.+)", key)
    if match is None:
        return key
    return (QUIET if match[1] else PENDING) + match[2]


# Pattern of the part of a key after `processed/<table>/`; Snowpipe and the tests use it.
PROCESSED_NAME = r"ingest_date=[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{20}-[0-9]{5}[.]parquet"


def log_entry(number: int) -> str:
    """The entry of a committed batch."""
    return f"{LOG}{number:020d}.json"


def log_number(key: str) -> int | None:
    """The number of a log entry or completion marker; None for anything else under log/."""
    match = re.fullmatch(r"log/(?:done/)?([0-9]{20})(?:[.]json)?", key)
    return int(match[1]) if match else None


def completion_marker(number: int) -> str:
    """Exists when an entry's files are published and its inputs archived."""
    return f"{DONE}{number:020d}"


def attempt(batch_id: str) -> str:
    """The marker of a running or failed attempt. A run that ends normally removes its own."""
    return f"{ATTEMPTS}{batch_id}.json"
