"""Metrics of a run for CloudWatch, as lines of its embedded metric format."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from extract_lambda.result import Result
from shared import lake
from shared.store import ObjectStore

NAMESPACE = "SpotifyPlaylistSuite"  # unless METRICS_NAMESPACE is set; on AWS it ends in the environment's name
SERVICE = "extract_lambda"


def ages(store: ObjectStore, now: datetime) -> dict[str, float]:
    """Seconds since the oldest pending object arrived (0 if none is pending) and since the last commit, if any.

    Uses the times of two listings, since the extractor may not read these objects.
    """
    pending = [listed.time for listed in store.list(lake.PENDING)]
    committed = [listed.time for listed in store.list(lake.WATERMARK)]
    seconds = {"OldestPendingSeconds": max(0.0, (now - min(pending, default=now)).total_seconds())}
    if committed:
        seconds["SecondsSinceLastCommit"] = max(0.0, (now - max(committed)).total_seconds())
    return seconds


def emit(result: Result, now: datetime, ages: Mapping[str, float] | None = None) -> None:
    """Write the run's metrics to stdout, without those that are unknown.

    Playlists by status, failures also by FailureClass; items, calls, throttled answers, the calls left of the kind with
    the fewest, the login's age in days, seconds since the last successful check, and `ages`.
    """
    namespace = os.environ.get("METRICS_NAMESPACE") or NAMESPACE
    metrics = Metrics(namespace=namespace, service=SERVICE)
    counts = {
        "PlaylistsRead": result.count("read"),
        "PlaylistsSkipped": result.count("unchanged"),
        "PlaylistsGone": result.count("gone"),
        "PlaylistsFailed": result.count("failed"),
        "PlaylistsLeft": len(result.left),
        "Items": 0 if result.is_repeat else result.item_count,
        "Calls": sum(result.calls.values()),
        "Throttled": result.throttled,
    }
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    if result.calls_left:
        metrics.add_metric(name="QuotaLeft", unit=MetricUnit.Count, value=min(result.calls_left.values()))
    if result.token_age is not None:
        metrics.add_metric(name="TokenAgeDays", unit=MetricUnit.Count, value=result.token_age / timedelta(days=1))
    if result.last_success is not None:
        seconds = max(0.0, (now - result.last_success).total_seconds())
        metrics.add_metric(name="SecondsSinceLastSuccess", unit=MetricUnit.Seconds, value=seconds)
    for name, age in (ages or {}).items():
        metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=age)
    metrics.flush_metrics()
    for failure_class, count in result.failures.items():
        with single_metric(
            name="PlaylistsFailedByClass", unit=MetricUnit.Count, value=count, namespace=namespace
        ) as metric:
            metric.add_dimension(name="service", value=SERVICE)
            metric.add_dimension(name="FailureClass", value=failure_class)
