"""One run, configured by the environment: creates settings, client and store, on AWS and on one machine."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from extract_lambda.credentials import LIFETIME, WARN_FROM, Credentials, CredentialsError
from extract_lambda.extract import extract
from extract_lambda.progress import Clock, Report, silent
from extract_lambda.result import FailedRunError, Result
from extract_lambda.settings import Settings
from extract_lambda.spotify import Spotify
from shared.store import open_store

_SHARE_FOR_READING = 0.8  # of the remaining time; after that, playlists are only checked again and stored
_SHARE_FOR_REQUESTS = 0.95  # of the remaining time; after that, no request is made


class EventError(ValueError):
    """The event's time is malformed; the message says how to write it."""


def run(
    run_id: str,
    environ: Mapping[str, str],
    *,
    clock: Clock,
    report: Report = silent,
    remaining: timedelta | None = None,
) -> Result:
    """One run, configured by `environ`, on AWS or on one machine; `remaining` is its time limit.

    Raises SettingsError, CredentialsError, and what extract raises.
    """
    for name in ("botocore", "boto3", "urllib3"):  # at DEBUG botocore logs requests and answers
        logging.getLogger(name).setLevel(logging.WARNING)
    settings = Settings.from_env(environ)
    credentials = settings.credential_store.load()
    now = clock()
    age = credentials.age(now)
    warnings = [_age_warning(credentials, age)] if age is not None and age >= WARN_FROM else []

    def keep(refresh_token: str) -> None:
        try:
            settings.credential_store.keep(refresh_token)
        except CredentialsError as error:  # this run can continue
            warnings.append(str(error))

    spotify = Spotify(
        credentials,
        api_url=settings.api_url,
        accounts_url=settings.accounts_url,
        min_request_interval=settings.min_request_interval,
        limits=settings.limits,
        end=None if remaining is None else now + remaining * _SHARE_FOR_REQUESTS,
        clock=clock,
        on_new_token=keep,
    )
    try:
        result = extract(
            settings.playlists,
            spotify,
            open_store(settings.lake),
            run_id=run_id,
            liked_songs=settings.liked_songs,
            keep_people=settings.keep_people,
            full_every=settings.full_every,
            calls_per_day=settings.calls_per_day,
            ignores_cool_down=settings.ignores_cool_down,
            clock=clock,
            deadline=None if remaining is None else now + remaining * _SHARE_FOR_READING,
            report=report,
        )
    except FailedRunError as error:
        result = error.result
        raise FailedRunError(replace(result, token_age=age, warnings=(*result.warnings, *warnings))) from None
    return replace(result, token_age=age, warnings=(*result.warnings, *warnings))


def run_id_of(event: object, now: datetime) -> str:
    """The run id, such as 20261120T100000Z: the event's `scheduled_at` or `time`, or now if it has neither.

    Raises EventError if the value is no time: two deliveries of such an event would be two runs.
    """
    fields = event if isinstance(event, Mapping) else {}
    at = fields.get("scheduled_at") or fields.get("time")
    return f"{time_of(at) if at else now:%Y%m%dT%H%M%SZ}"


def time_of(text: object) -> datetime:
    """The text, such as 2026-11-20T10:00:00Z, as a time in UTC; without a zone it is read as UTC. Raises EventError."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise EventError(
            f"{text!r} is not a time: the event's scheduled_at must be like 2026-11-20T10:00:00Z; in EventBridge "
            "Scheduler write <aws.scheduler.scheduled-time>."
        ) from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _age_warning(credentials: Credentials, age: timedelta) -> str:
    ends_at = datetime.fromisoformat(str(credentials.consented_at)) + LIFETIME
    return f"The login is {age.days} days old, and Spotify ends it about {ends_at:%Y-%m-%d}: run `make login`."
