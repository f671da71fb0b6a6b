"""The Lambda's door: settings, client and store are made here, and a run is started."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from aws_lambda_powertools import Logger

from extract_lambda.credentials import Credentials
from extract_lambda.extract import Clock, Report, extract
from extract_lambda.result import Result
from extract_lambda.settings import Settings
from extract_lambda.spotify import Spotify
from shared.store import open_store

_SHARE_FOR_READING = 0.8  # of the time that is left; the rest is for the last look at the library and for storing

logger = Logger(service="extract_lambda")


class Context(Protocol):
    """What is used of the Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """What is left until the Lambda is stopped."""


class EventError(ValueError):
    """The event names no time; the message says what it should name."""


def handle(event: object, context: Context) -> dict[str, Any]:
    """Do the run that the event is for, by the time that EventBridge Scheduler gave it; returns the result."""
    now = datetime.now(UTC)
    run_id = run_id_of(event, now)
    logger.set_correlation_id(run_id)
    deadline = now + timedelta(milliseconds=context.get_remaining_time_in_millis()) * _SHARE_FOR_READING
    try:
        result = run(run_id, os.environ, clock=lambda: datetime.now(UTC), report=_log, deadline=deadline)
    except Exception:
        logger.exception("The run failed.")
        raise
    made = result.as_dict()
    logger.info("The run is over.", **{name: value for name, value in made.items() if name != "looks"})
    return made


def run(
    run_id: str, environ: Mapping[str, str], *, clock: Clock, report: Report, deadline: datetime | None = None
) -> Result:
    """One run as the environment says, on AWS or on one machine; raises what Settings, Credentials, extract raise."""
    settings = Settings.from_env(environ)
    credentials = settings.credentials or Credentials.from_secret(str(settings.secret_arn))
    spotify = Spotify(credentials, api_url=settings.api_url, accounts_url=settings.accounts_url)
    return extract(
        settings.playlists,
        spotify,
        open_store(settings.lake),
        run_id=run_id,
        liked_songs=settings.liked_songs,
        full_every=settings.full_every,
        clock=clock,
        deadline=deadline,
        report=report,
    )


def run_id_of(event: object, now: datetime) -> str:
    """The run id of an event's `scheduled_at` or `time`, such as 20261120T100000Z; of now, if it has neither.

    Raises EventError if there is one that is no time: two deliveries of such an event would be two runs.
    """
    given = event if isinstance(event, Mapping) else {}
    at = given.get("scheduled_at") or given.get("time")
    return f"{time_of(at) if at else now:%Y%m%dT%H%M%SZ}"


def time_of(text: object) -> datetime:
    """A time such as 2026-11-20T10:00:00Z, in UTC; UTC too if it names no zone. Raises EventError."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        message = (
            f"The time {text!r} is none: the event's scheduled_at must be like 2026-11-20T10:00:00Z; in EventBridge "
            "Scheduler write <aws.scheduler.scheduled-time>."
        )
        raise EventError(message) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _log(name: str, n: int, of: int, outcome: str) -> None:
    logger.info("Looked at a playlist.", playlist=name, number=n, of=of, outcome=outcome)
