"""One run: check every playlist, store those that changed, report how each check ended."""

from datetime import datetime, timedelta

from extract_lambda.config import MINE
from extract_lambda.failures import OutOfTimeError, SpotifyError
from extract_lambda.library import Library
from extract_lambda.outcomes import Outcomes
from extract_lambda.progress import Clock, Report, silent
from extract_lambda.reader import Reader
from extract_lambda.result import FailedRunError, Result, cool_down_warning
from extract_lambda.runs import finish, finished_checks, stored_documents, write_missing_manifests
from extract_lambda.spotify import Spotify
from extract_lambda.state import State
from shared.document import LIKED_SONGS, timestamp
from shared.store import ObjectStore


def extract(  # noqa: PLR0913  # clock, store and client come from the caller
    playlists: tuple[str, ...],
    spotify: Spotify,
    store: ObjectStore,
    *,
    run_id: str,
    clock: Clock,
    liked_songs: bool = False,
    keep_people: bool = True,
    full_every: timedelta = timedelta(days=30),
    calls_per_day: int | None = None,
    ignores_cool_down: bool = False,
    deadline: datetime | None = None,
    report: Report = silent,
) -> Result:
    """Read which of the playlists (ids, and "mine") changed since the last run, and which are due for a full read.

    After the deadline no page is requested, except to check whether playlists changed while they were read. If the run
    has already finished, nothing is read and its result is returned. During a cool-down no call is made, unless
    `ignores_cool_down`. Raises FailedRunError if no check succeeded, StoreError if the lake cannot be used.
    """
    state = State.load(store)  # first: a run writes its manifest before it saves the state for the last time
    checks = finished_checks(store, run_id)
    if ignores_cool_down:
        state.cool_down = None
    until = state.cools_down_until(clock())
    if checks is not None:
        result = Result(run_id=run_id, checks=checks, is_repeat=True, last_success=state.last_success())
    elif until is not None:
        warnings = (cool_down_warning(until),)
        result = Result(run_id=run_id, cool_down_until=until, last_success=state.last_success(), warnings=warnings)
    else:
        spotify.budget = state.budget
        state.budget.per_day = calls_per_day
        library = Library(spotify, state, keep_people=keep_people)
        spotify.subject_of = library.subject_of
        reader = Reader(
            run_id=run_id,
            spotify=spotify,
            store=store,
            state=state,
            clock=clock,
            full_every=full_every,
            deadline=deadline,
            library=library,
            outcomes=Outcomes(library, state, clock, report),
        )
        result = _check_all(playlists, reader, liked_songs=liked_songs)
        state.save(store)
    if result.status == "failed":
        raise FailedRunError(result)
    return result


def _check_all(playlists: tuple[str, ...], reader: Reader, *, liked_songs: bool) -> Result:
    """Check each wanted playlist, then write the manifest."""
    library, outcomes, state, spotify = reader.library, reader.outcomes, reader.state, reader.spotify
    started_at = reader.clock()
    manifests_written = write_missing_manifests(reader.store, reader.run_id, state)
    not_mine = unreadable = 0
    try:
        unreadable = library.load()
        names = library.names(playlists)
        not_mine = len(library.entries.keys() - set(names)) if MINE in playlists else 0
    except SpotifyError as error:
        outcomes.end(error)
    except OutOfTimeError:
        outcomes.is_out_of_time = True
    else:
        names = (*names, LIKED_SONGS) if liked_songs else names
        outcomes.expect(library.in_order(names, current=filter(reader.is_shown_current, names)))
        for key, document in stored_documents(reader.store, reader.run_id):  # by an attempt of this run that was killed
            outcomes.stored(key, document)
        reader.read_all(outcomes.left)
        finish(reader.store, reader.run_id, tuple(outcomes.checks.values()), timestamp(started_at))
    now = reader.clock()
    until = state.cools_down_until(now)
    return Result(
        run_id=reader.run_id,
        checks=tuple(outcomes.checks.values()),
        left=outcomes.left,
        not_mine=not_mine,
        unreadable=unreadable,
        manifests_written=manifests_written,
        is_out_of_time=outcomes.is_out_of_time,
        ended_by=outcomes.ended_by,
        cool_down_until=until,
        warnings=(cool_down_warning(until),) if until else (),
        calls=spotify.calls,
        calls_left=state.budget.left(now),
        throttled=spotify.throttled,
        last_success=state.last_success(),
    )
