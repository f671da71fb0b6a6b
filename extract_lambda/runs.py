"""What a run writes into the lake: documents, then its manifest, then a mark that the run has finished."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from extract_lambda.documents import Stored, stored
from extract_lambda.state import State
from shared import lake
from shared.document import Manifest, PlaylistCheck
from shared.store import ObjectStore


def finished_checks(store: ObjectStore, run_id: str) -> tuple[PlaylistCheck, ...] | None:
    """The results of the run's checks if the run has finished; None if not.

    The job archives the manifest; after that only the mark shows that the run has finished.
    """
    for key in (lake.manifest(run_id), lake.no_change_manifest(run_id), lake.run_mark(run_id)):
        fetched = store.get(key)
        if fetched:
            return tuple(PlaylistCheck(**check) for check in json.loads(fetched.data)["checks"])
    return None


def finish(store: ObjectStore, run_id: str, checks: tuple[PlaylistCheck, ...], at: str) -> None:
    """Write the manifest, then the mark, which is the manifest without the playlists.

    The manifest starts the job only if the run read something: otherwise it is written to another folder.
    """
    has_read = any(check.status == "read" for check in checks)
    key = lake.manifest(run_id) if has_read else lake.no_change_manifest(run_id)
    store.put_if_absent(key, Manifest(run_id=run_id, extracted_at=at, checks=checks).as_bytes())
    short = tuple(replace(check, playlist=None) for check in checks)
    store.put_if_absent(lake.run_mark(run_id), Manifest(run_id=run_id, extracted_at=at, checks=short).as_bytes())


def check_of(key: str, document: Stored) -> PlaylistCheck:
    """A stored document as a check of the manifest."""
    return PlaylistCheck(
        playlist_id=document.playlist_id,
        status="read",
        snapshot_id=document.snapshot_id,
        object=key,
        item_count=document.item_count,
        missing_count=document.missing,
    )


def stored_documents(store: ObjectStore, run_id: str) -> Iterator[tuple[str, Stored]]:
    """The documents in a run's folder with their keys. The job reports other objects."""
    folder = lake.manifest(run_id).removesuffix(lake.MANIFEST_NAME)
    for listed in store.list(folder):
        fetched = store.get(listed.key)
        if fetched:
            try:
                document = stored(fetched.data)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                continue
            yield listed.key, document


def write_missing_manifests(store: ObjectStore, run_id: str, state: State) -> tuple[str, ...]:
    """Write the manifest of every older run that was killed before it could; returns their run ids.

    A run with a mark had a manifest: the job has archived the manifest, but not yet all documents. `state` is updated.
    """
    manifests_written = []
    for older, names in _pending_runs(listed.key for listed in store.list(lake.RUN_FOLDERS)).items():
        if older >= run_id or lake.MANIFEST_NAME in names or store.get(lake.run_mark(older)):
            continue
        documents = dict(stored_documents(store, older))
        if documents:
            for document in documents.values():
                state.read(document)
            checks = tuple(check_of(key, document) for key, document in documents.items())
            finish(store, older, checks, max(document.extracted_at for document in documents.values()))
            manifests_written.append(older)
    return tuple(manifests_written)


def _pending_runs(keys: Iterable[str]) -> dict[str, set[str]]:
    runs: dict[str, set[str]] = {}
    for key in keys:
        run_id, _, name = key.removeprefix(lake.RUN_FOLDERS).partition("/")
        runs.setdefault(run_id, set()).add(name)
    return runs
