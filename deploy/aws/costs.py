"""Estimates the monthly cost of an environment on AWS from its schedule and its resources."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# Dollars in us-east-1, from AWS's price pages in 2026. Other regions differ a little.
PRICES_OF = "us-east-1, 2026"
DPU_HOUR = 0.44
_DPU_HOUR_6 = 0.308  # Glue 6.0 was announced as 30 % cheaper (August 2026)
_WORKERS = 2  # G.1X, one DPU each
_RUN_MINUTES = 1  # the billed minimum; a run for some playlists takes less
_LAMBDA_GB_SECOND = 0.0000133334  # arm64
_LAMBDA_GB = 0.5
_CHECK_SECONDS = 60
_TRANSITIONS = 12  # of one execution of the state machine
_TRANSITION = 0.000025
_METRICS = 16  # 13 of extract_lambda/metrics.py (without failures, which should be rare) and 3 of the job's log
_METRIC = 0.30  # per metric with a value in every hour of a month
_MONTHLY = {
    "aws_kms_key": ("keys", 1.00),
    "aws_secretsmanager_secret": ("secrets", 0.40),
    "aws_cloudwatch_metric_alarm": ("alarms", 0.10),
    "aws_cloudwatch_composite_alarm": ("composite alarms", 0.50),
    "aws_cloudwatch_dashboard": ("dashboards", 3.00),
}
_MONTH_MINUTES = 30 * 24 * 60
_UNITS = {"minute": 1, "hour": 60, "day": 24 * 60}
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMES = {name: number for names in (_WEEKDAYS, _MONTHS) for number, name in enumerate(names, 1)}


class Cost(NamedTuple):
    """Dollars per month for a service or a kind of resource, and how they are calculated."""

    what: str
    dollars: float
    why: str


def checks_per_month(schedule: str) -> float | None:
    """How often `rate(…)` or `cron(…)` of EventBridge Scheduler fires in 30 days; None for another expression."""
    if rate := re.fullmatch(r"rate\(([1-9][0-9]{0,5}) (minute|hour|day)s?\)", schedule):
        return _MONTH_MINUTES / (int(rate[1]) * _UNITS[rate[2]])
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", schedule)
    if not cron:
        return None
    try:
        minutes, hours = _times(cron[1], 0, 59), _times(cron[2], 0, 23)
        days, months, weekdays = _times(cron[3], 1, 31), _times(cron[4], 1, 12), _times(cron[5], 1, 7)
    except (ValueError, KeyError):
        return None
    return minutes * hours * 30 * (days / 31) * (weekdays / 7) * (months / 12)


def _times(field: str, low: int, high: int) -> int:
    """How many values a field of cron matches. Raises ValueError or KeyError for L, W, # and invalid text."""
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = low if span in {"*", "?"} else _number(first)
        end = _number(last) if dash else (high if step or span in {"*", "?"} else begin)
        values.update(range(begin, end + 1, int(step or 1)))
    if not values or min(values) < low or max(values) > high:
        raise ValueError(field)
    return len(values)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else _NAMES[text.upper()]


def monthly_costs(variables: Mapping[str, Any], resources: Mapping[str, int]) -> list[Cost]:
    """The highest cost of a month, from Terraform's variables and the number of resources of each type."""
    schedule = str(variables.get("schedule", ""))
    checks = checks_per_month(schedule)
    costs = []
    if checks:
        price = _DPU_HOUR_6 if str(variables.get("glue_version", "")).startswith("6") else DPU_HOUR
        dpus = int(variables.get("glue_workers") or _WORKERS)
        glue = checks * _RUN_MINUTES / 60 * dpus * price
        why = f"{checks:,.0f} runs, {schedule}: {_RUN_MINUTES} minute x {dpus} DPU x ${price} an hour"
        costs.append(Cost("Glue", glue, why))
        seconds = checks * _CHECK_SECONDS * _LAMBDA_GB
        why = f"{checks:,.0f} checks: {_CHECK_SECONDS} s x {_LAMBDA_GB} GB x ${_LAMBDA_GB_SECOND:.10f} a GB second"
        costs.append(Cost("Lambda", seconds * _LAMBDA_GB_SECOND, why))
        why = f"{checks:,.0f} executions: {_TRANSITIONS} transitions x ${_TRANSITION:f}"
        costs.append(Cost("Step Functions", checks * _TRANSITIONS * _TRANSITION, why))
        hours = min(1.0, checks / (_MONTH_MINUTES / 60))
        why = f"{_METRICS} x ${_METRIC:.2f}" + (f", in {hours:.0%} of the hours" if hours < 1 else "")
        costs.append(Cost("metrics", _METRICS * _METRIC * hours, why))
    for kind, (name, dollars) in _MONTHLY.items():
        if count := resources.get(kind, 0):
            costs.append(Cost(name, count * dollars, f"{count} x ${dollars:.2f}"))
    return costs


def costs_text(variables: Mapping[str, Any], resources: Mapping[str, int]) -> str:
    """The costs and the assumptions as text for people."""
    costs = monthly_costs(variables, resources)
    total = sum(cost.dollars for cost in costs)
    lines = [f"Estimated cost of a month: about ${total:,.2f} (prices of {PRICES_OF}):"]
    lines += [f"  {cost.what:<16}{f'${cost.dollars:,.2f}':>9}  {cost.why}" for cost in costs]
    if not any(cost.what == "Glue" for cost in costs):
        each = _RUN_MINUTES / 60 * _WORKERS * DPU_HOUR
        lines.append(
            f"  Glue is not included, ${each:.4f} a run: how often {variables.get('schedule')} fires is unknown."
        )
    lines.append(
        "Assumption: each check finds a change and starts a run of a minute. A check without a change starts none."
    )
    lines.append("Free tiers are not deducted (CloudWatch: 10 alarms, 10 metrics and 3 dashboards per account).")
    lines.append("Not included: storage, requests to S3, logs, Glue's own metrics, Athena, Snowflake.")
    budget = float(variables.get("monthly_budget_usd") or 0)
    if 0 < budget < total:
        lines.append(f"This is more than monthly_budget_usd, ${budget:,.2f}: expect an alert if the cost gets so high.")
    return "\n".join(lines)
