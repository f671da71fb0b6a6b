"""How the checks of a run end: each outcome goes to the manifest, the state and the progress report."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from extract_lambda.documents import Stored
from extract_lambda.failures import ADVICE, ENDS_THE_RUN, SpotifyError
from extract_lambda.library import Library, Target
from extract_lambda.progress import Clock, Progress, Report
from extract_lambda.runs import check_of
from extract_lambda.state import CoolDown, State
from shared.document import PlaylistCheck, timestamp

_SERVER_FAILURES = 5  # in a row; then the cause is the server, not a playlist
_DEFAULT_COOL_DOWN = timedelta(hours=1)  # if a refusal names no time


@dataclass
class Outcomes:
    """The finished checks by playlist id, and the error that ends the run early."""

    library: Library
    state: State
    clock: Clock
    report: Report
    checks: dict[str, PlaylistCheck] = field(default_factory=dict)
    ended_by: SpotifyError | None = None
    is_out_of_time: bool = False
    _wanted: dict[str, int] = field(default_factory=dict)  # playlist ids, each with its number
    _server_failures: int = 0

    @property
    def left(self) -> tuple[str, ...]:
        """The wanted playlists that have no outcome yet."""
        return tuple(name for name in self._wanted if name not in self.checks)

    def expect(self, names: Iterable[str]) -> None:
        """These playlists are wanted, in this order."""
        self._wanted = {name: n for n, name in enumerate(names, start=1)}

    def stored(self, key: str, document: Stored, problem: str = "") -> None:
        """The playlist was read, and its document is stored; `problem` says why the read is incomplete."""
        name = document.playlist_id
        self.checks[name] = check_of(key, document)
        self.state.read(document)
        if document.missing is None or not problem:
            return
        total, verb = document.item_count + document.missing, "is" if document.missing == 1 else "are"
        missing = f", {document.missing:,} of {total:,} items {verb} missing" if document.missing else ""
        outcome = f"read incompletely{missing}: {problem}; its items are stored, and none counts as removed"
        self.say(name, outcome, failure_class="incomplete")

    def answered(self) -> None:
        """Spotify has answered: reset the count of server failures."""
        self._server_failures = 0

    def unchanged(self, target: Target) -> None:
        """The playlist still has the version that was read before."""
        name = target.playlist_id
        seen = self.state.last_read(name)
        snapshot_id = seen.snapshot_id if seen else target.version
        shown = self.library.description(name)
        self.checks[name] = PlaylistCheck(playlist_id=name, status="unchanged", snapshot_id=snapshot_id, playlist=shown)
        self.state.checked(name, self.clock(), has_succeeded=True)
        self.say(name, "unchanged")

    def failed(self, name: str, error: SpotifyError) -> None:
        """The check failed; or the playlist is gone: read before, now neither in the library nor found by its id."""
        self.end_if_others_would_fail(error)
        if error.kind == "budget":
            return  # no request was made, so there is no outcome
        kind = error.kind
        is_gone = kind == "removed" and name not in self.library.entries and self.state.last_read(name) is not None
        status = "gone" if is_gone else "failed"
        shown = self.library.description(name)
        self.checks[name] = PlaylistCheck(playlist_id=name, status=status, failure_class=kind, playlist=shown)
        self.state.checked(name, self.clock(), has_succeeded=is_gone)
        if is_gone:
            self.state.forget(name)
            self.say(name, f"gone: {error}")
        else:
            self.say(name, f"failed, {kind}: {error}; {ADVICE[kind]}", failure_class=kind)

    def end_if_others_would_fail(self, error: SpotifyError) -> None:
        """End the run if the next playlist would fail in the same way."""
        self._server_failures = self._server_failures + 1 if error.kind == "server" else 0
        if error.kind in ENDS_THE_RUN or self._server_failures >= _SERVER_FAILURES:
            self.end(error)

    def end(self, error: SpotifyError) -> None:
        """End the run; if Spotify refuses further calls, store in the state until when."""
        self.ended_by = self.ended_by or error
        if error.kind not in {"rate", "quota"}:
            return
        wait = _DEFAULT_COOL_DOWN if error.retry_after is None else timedelta(seconds=error.retry_after)
        self.state.cool_down = CoolDown(until=timestamp(self.clock() + wait), kind=error.kind, message=str(error))

    def say(self, name: str, outcome: str, *, is_over: bool = True, failure_class: str | None = None) -> None:
        """Report progress."""
        self.report(
            Progress(
                name=self.library.title(name),
                number=self._wanted[name],
                of=len(self._wanted),
                outcome=outcome,
                is_over=is_over,
                failure_class=failure_class,
            )
        )
