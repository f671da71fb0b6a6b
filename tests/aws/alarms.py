"""Evaluates the alarms that Terraform has applied, like CloudWatch: moto stores alarms but does not evaluate them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.aws.applied import Stack

Metric = tuple[str, str, dict[str, str]]  # namespace, name, dimensions
_TERM = re.compile(r'\(\$\.([\w.\[\]]+) (=|>=) ("[^"]*"|[0-9]+)\)')


def metrics_of(alarm: Mapping[str, Any]) -> list[tuple[str, str, dict[str, str], int, str]]:
    """Namespace, name, dimensions, period and statistic of each metric of the alarm."""
    if alarm["metric_name"]:
        names = ("namespace", "metric_name", "period", "statistic")
        namespace, name, period, statistic = (alarm[attribute] for attribute in names)
        return [(namespace, name, alarm["dimensions"] or {}, period, statistic)]
    queried = [metric for query in alarm["metric_query"] for metric in query["metric"]]
    return [
        (entry["namespace"], entry["metric_name"], entry["dimensions"], entry["period"], entry["stat"])
        for entry in queried
    ]


def state(alarm: Mapping[str, Any], data: list[float | None], before: str = "INSUFFICIENT_DATA") -> str:
    """The state that CloudWatch gives the alarm for these values, one per period; None means no data.

    For an alarm of several metrics, pass the sum of the metrics. `before` is the alarm's previous state.
    """
    missing = alarm["treat_missing_data"]
    if all(value is None for value in data) and missing in {"missing", "ignore"}:
        return "INSUFFICIENT_DATA" if missing == "missing" else before
    is_breaching = {
        "GreaterThanThreshold": lambda value: value > alarm["threshold"],
        "GreaterThanOrEqualToThreshold": lambda value: value >= alarm["threshold"],
        "LessThanThreshold": lambda value: value < alarm["threshold"],
    }[alarm["comparison_operator"]]
    evaluated = data[-alarm["evaluation_periods"] :]
    breaches = [missing == "breaching" if value is None else is_breaching(value) for value in evaluated]
    return "ALARM" if all(breaches) and len(evaluated) == alarm["evaluation_periods"] else "OK"


def matches(pattern: str, line: Mapping[str, Any]) -> bool:
    """Whether a filter pattern of CloudWatch Logs matches a line of JSON. Supports only terms joined by &&."""
    terms = _TERM.findall(pattern)
    assert pattern == "{ " + " && ".join(f"($.{path} {sign} {value})" for path, sign, value in terms) + " }"
    return all(_is_true(_value_at(line, path), sign, json.loads(value)) for path, sign, value in terms)


def _is_true(value: Any, sign: str, limit: Any) -> bool:
    return value is not None and (value == limit if sign == "=" else value >= limit)


def _value_at(line: Any, path: str) -> Any:
    """The value at a path such as alarms[0].batch; None if there is none."""
    for name in re.findall(r"\w+", path):
        try:
            line = line[int(name)] if name.isdecimal() else line[name]
        except (KeyError, IndexError):
            return None
    return line


class Observed:
    """The metrics that the applied stack has produced since this object was made.

    The Lambda's metrics are read from its log. The job's metrics are extracted from the log of each run with the
    stack's filters. Metrics of AWS services are counted on the local AWS. A test may set `lambda_errors`, the number of
    invocations that ended in an error, and `later_seconds`, which are added to the age of messages.
    """

    def __init__(self, stack: Stack, alarms: Mapping[str, Mapping[str, Any]]) -> None:
        self.lambda_errors = 0
        self.later_seconds = 0.0
        self._stack = stack
        self._alarms = alarms
        self._seen = {"deliveries": len(stack.aws.deliveries.made), "lost": len(stack.aws.deliveries.lost)}
        self._seen |= {
            "runs": len(stack.runs),
            "lines": len(self._lambda_lines()),
            "executions": len(stack.executions()),
        }

    def raised(self) -> set[str]:
        """The alarms that would be raised if every period had the observed values."""
        return {name for name, alarm in self._alarms.items() if self._state(alarm) == "ALARM"}

    def _state(self, alarm: Mapping[str, Any]) -> str:
        of_metrics = [self._values(metric) for *metric, _, _ in metrics_of(alarm)]
        values = [value for values in of_metrics for value in values]
        statistic = {"Sum": sum, "Maximum": max, "Minimum": min}[metrics_of(alarm)[0][4]]
        return state(alarm, [float(statistic(values)) if values else None] * alarm["evaluation_periods"])

    def _values(self, metric: list[Any]) -> list[float]:
        namespace, name, dimensions = metric
        if namespace.startswith("SpotifyPlaylistSuite/"):
            return self._of_lambda(namespace, name) if dimensions else self._of_job(namespace, name)
        aws: dict[str, Any] = {
            "AWS/Events": self._of_rule,
            "AWS/SQS": self._of_queue,
            "AWS/States": self._of_machine,
            "AWS/Lambda": lambda name, _: [float(self.lambda_errors)] if name == "Errors" else [],
            "AWS/Scheduler": lambda *_: [],  # the local AWS has no clock: tests fire the schedules
        }
        values: list[float] = aws[namespace](name, dimensions)
        return values

    def _of_lambda(self, namespace: str, name: str) -> list[float]:
        lines = [json.loads(line) for line in self._lambda_lines()[self._seen["lines"] :] if line.startswith("{")]
        return [
            float(value)
            for line in lines
            for entry in line.get("_aws", {}).get("CloudWatchMetrics", [])
            if entry["Namespace"] == namespace and name in {declared["Name"] for declared in entry["Metrics"]}
            for value in (line[name] if isinstance(line[name], list) else [line[name]])
        ]

    def _lambda_lines(self) -> list[str]:
        logs = self._stack.aws.client("logs")
        group = f"/aws/lambda/{self._stack.outputs['extract_function_name']}"
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [line for page in pages for event in page["events"] for line in event["message"].splitlines()]

    def _of_job(self, namespace: str, name: str) -> list[float]:
        filters = self._stack.aws.client("logs").describe_metric_filters()["metricFilters"]
        [chosen] = [entry for entry in filters if entry["filterName"].endswith(f"-{name}")]
        [transformation] = chosen["metricTransformations"]
        assert (transformation["metricNamespace"], transformation["metricName"]) == (namespace, name)
        runs = {run.run_id for run in self._stack.runs[self._seen["runs"] :]}
        pages = self._stack.aws.client("logs").get_paginator("filter_log_events")
        events = [event for page in pages.paginate(logGroupName=chosen["logGroupName"]) for event in page["events"]]
        lines = [
            json.loads(event["message"])
            for event in events
            if event["logStreamName"] in runs and event["message"].startswith("{")
        ]
        value = transformation["metricValue"]
        return [
            float(_value_at(line, value.removeprefix("$.")) if value.startswith("$") else value)
            for line in lines
            if matches(chosen["filterPattern"], line)
        ]

    def _of_rule(self, name: str, dimensions: Mapping[str, str]) -> list[float]:
        deliveries = self._stack.aws.deliveries
        counted = (
            deliveries.made[self._seen["deliveries"] :]
            if name == "Invocations"
            else deliveries.lost[self._seen["lost"] :]
        )
        return [float(len([entry for entry in counted if entry.rule == dimensions["RuleName"]]))]

    def _of_queue(self, name: str, dimensions: Mapping[str, str]) -> list[float]:
        sqs = self._stack.aws.client("sqs")
        try:
            url = sqs.get_queue_url(QueueName=dimensions["QueueName"])["QueueUrl"]
        except sqs.exceptions.QueueDoesNotExist:
            return []
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        count = int(attributes["ApproximateNumberOfMessages"])
        # A message in a test is only milliseconds old, so only the added seconds count.
        return [float(count)] if name == "ApproximateNumberOfMessagesVisible" else [self.later_seconds] * bool(count)

    def _of_machine(self, name: str, _: Mapping[str, str]) -> list[float]:
        ended = {"ExecutionsFailed": "FAILED", "ExecutionsTimedOut": "TIMED_OUT", "ExecutionsAborted": "ABORTED"}[name]
        executions = self._stack.executions()[self._seen["executions"] :]
        return [float(len([entry for entry in executions if entry["status"] == ended]))]
