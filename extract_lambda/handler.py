"""The Lambda's entry point: runs the extractor for an event, and writes logs and metrics."""

import json
import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from aws_lambda_powertools import Logger

from extract_lambda import metrics
from extract_lambda.credentials import NoLoginError
from extract_lambda.progress import Progress
from extract_lambda.result import FailedRunError, Result
from extract_lambda.run import EventError, run, run_id_of, time_of
from shared.store import StoreError, open_store
from shared.terminal import set_up_output

__all__ = ["Context", "EventError", "handle", "run", "run_id_of", "time_of"]

set_up_output()  # before the logger, which keeps the stdout that it is created with
log = Logger(service=metrics.SERVICE, json_serializer=partial(json.dumps, default=str))  # in ASCII


class Context(Protocol):
    """The part of the Lambda's context that this module uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the Lambda is stopped."""


def handle(event: object, context: Context) -> dict[str, Any]:
    """Run the extractor for the event's time, which EventBridge Scheduler sets; returns the result."""
    now = datetime.now(UTC)
    run_id = run_id_of(event, now)
    log.set_correlation_id(run_id)
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        result = run(run_id, os.environ, clock=lambda: datetime.now(UTC), report=_log, remaining=remaining)
    except NoLoginError as error:
        # A new stack's schedule fires before the first login: an error would be retried and end in an alarm.
        log.warning(str(error))
        return {"run_id": run_id, "status": "no login"}
    except FailedRunError as error:
        _log_end(error.result)
        log.exception("The run failed.")
        raise
    except Exception:
        log.exception("The run failed.")
        raise
    _log_end(result)
    return result.as_dict()


def _log(progress: Progress) -> None:
    if not progress.is_over:
        return
    write = log.warning if progress.failure_class else log.info
    write(
        "Checked a playlist.",
        playlist=progress.name,
        number=progress.number,
        of=progress.of,
        outcome=progress.outcome,
        failure_class=progress.failure_class,
    )


def _log_end(result: Result) -> None:
    """Log how the run ended, and write its metrics."""
    for warning in result.warnings:
        log.warning(warning)
    summary = {name: value for name, value in result.as_dict().items() if name not in {"checks", "warnings"}}
    log.info("The run is over.", **summary)
    now = datetime.now(UTC)
    try:
        ages = metrics.ages(open_store(os.environ["LAKE_URI"]), now)
    except StoreError as error:  # the run has finished, and its result is not affected
        log.warning(str(error))
        ages = {}
    metrics.emit(result, now, ages)
