"""The Lambda's door: events come in; logs and metrics go out."""

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

set_up_output()  # first: the logger keeps the stdout that it meets
logger = Logger(service=metrics.SERVICE, json_serializer=partial(json.dumps, default=str))  # in ASCII


class Context(Protocol):
    """What is used of the Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """What is left until the Lambda is stopped."""


def handle(event: object, context: Context) -> dict[str, Any]:
    """Do the run that the event is for, by the time that EventBridge Scheduler gave it; returns the result."""
    now = datetime.now(UTC)
    run_id = run_id_of(event, now)
    logger.set_correlation_id(run_id)
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        result = run(run_id, os.environ, clock=lambda: datetime.now(UTC), report=_log, remaining=remaining)
    except NoLoginError as error:
        # A new stack's schedule fires before anybody has logged in: an error would be tried again and end in an alarm.
        logger.warning(str(error))
        return {"run_id": run_id, "status": "no login"}
    except FailedRunError as error:
        _tell(error.result)
        logger.exception("The run failed.")
        raise
    except Exception:
        logger.exception("The run failed.")
        raise
    _tell(result)
    return result.as_dict()


def _log(progress: Progress) -> None:
    if not progress.is_over:
        return
    write = logger.warning if progress.failure_class else logger.info
    write(
        "Checked a playlist.",
        playlist=progress.name,
        number=progress.number,
        of=progress.of,
        outcome=progress.outcome,
        failure_class=progress.failure_class,
    )


def _tell(result: Result) -> None:
    """Log how the run ended, and write its metrics."""
    for warning in result.warnings:
        logger.warning(warning)
    made = {name: value for name, value in result.as_dict().items() if name not in {"checks", "warnings"}}
    logger.info("The run is over.", **made)
    now = datetime.now(UTC)
    try:
        ages = metrics.ages(open_store(os.environ["LAKE_URI"]), now)
    except StoreError as error:  # the run itself is over, and went as it went
        logger.warning(str(error))
        ages = {}
    metrics.emit(result, now, ages)
