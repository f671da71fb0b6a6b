"""Alarms, dashboard and runbooks match the metrics that the code writes, and each other."""

import json
import re
import shlex
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-untyped, unused-ignore]
import pytest
from botocore import xform_name  # type: ignore[import-untyped, unused-ignore]

from extract_lambda import metrics
from extract_lambda.result import Result
from glue_jobs.explode_playlists import Summary
from shared.store import open_store
from tests.aws.alarms import metrics_of, state
from tests.aws.stack import ROOT, Made, outcome
from tests.waiting import finished

NAME = "spotify-playlists-dev"
OURS = f"SpotifyPlaylistSuite/{NAME}"
RUNBOOKS = ROOT / "docs" / "runbooks"
EMITTED = {"service": "extract_lambda"}
FUNCTION = {"FunctionName": f"{NAME}-extract"}
HOUR, DAY = 3600, 86400

# Each alarm: a metric that it reads, a value that is good and one that is not, the period and how many of them.
ALARMS = {
    "error-no-success": (OURS, "SecondsSinceLastSuccess", EMITTED, 60, 3700, HOUR, 26),
    "error-undelivered": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", None, 0, 1, 300, 1),
    "error-events-lost": ("AWS/Lambda", "AsyncEventsDropped", FUNCTION, 0, 1, 300, 1),
    "error-pending-queue-stuck": ("AWS/SQS", "ApproximateAgeOfOldestMessage", None, 60, 1801, 300, 3),
    "error-pending-old": (OURS, "OldestPendingSeconds", EMITTED, 3600, 6 * HOUR + 1, HOUR, 2),
    "error-job-fails-again": ("AWS/Events", "Invocations", {"RuleName": f"{NAME}-job-failed"}, 2, 3, DAY, 1),
    "error-machine-failed": ("AWS/States", "ExecutionsTimedOut", None, 0, 1, 300, 1),
    "warning-login-ends": (OURS, "TokenAgeDays", EMITTED, 149, 150, DAY, 1),
    "warning-quota-left": (OURS, "QuotaLeft", EMITTED, 10, 9, HOUR, 1),
    "warning-lambda-errors": ("AWS/Lambda", "Errors", FUNCTION, 0, 1, HOUR, 3),
    "warning-lambda-slow": ("AWS/Lambda", "Duration", FUNCTION, 870_000, 890_000, HOUR, 3),
    "warning-lambda-throttled": ("AWS/Lambda", "Throttles", FUNCTION, 0, 1, HOUR, 3),
    "warning-commit-old": (OURS, "SecondsSinceLastCommit", EMITTED, 31 * DAY, 33 * DAY, DAY, 1),
    "warning-job-slow": (OURS, "JobSeconds", {}, 959, 961, HOUR, 1),  # of 20 minutes
    "warning-dpu-hours": (OURS, "JobSeconds", {}, 7199, 7201, DAY, 1),  # 4 DPU-hours of two workers
    "warning-entry-undone": (OURS, "EntriesLeftUndone", {}, 0, 1, 300, 1),
    "warning-many-rejects": (OURS, "BatchesWithManyRejects", {}, 0, 1, 300, 1),
}
MISSING = {  # the meaning of missing data; alarms.tf has the reasons
    "error-no-success": "missing",
    "error-pending-old": "ignore",
    "warning-login-ends": "ignore",
    "warning-quota-left": "ignore",
    "warning-commit-old": "ignore",
}


@pytest.fixture(scope="module")
def made() -> Made:
    """The stack with all variables at their defaults."""
    return outcome().made["defaults"]


def alarms(made: Made) -> dict[str, dict[str, Any]]:
    """The metric alarms by name, without the stack's prefix."""
    resources = made.of_type("aws_cloudwatch_metric_alarm").values()
    return {values["alarm_name"].removeprefix(f"{NAME}-"): values for values in resources}


# --- Alarms -------------------------------------------------------------------------------------------------------


def test_the_stack_has_these_alarms(made: Made) -> None:
    assert alarms(made).keys() == ALARMS.keys()
    assert len(ALARMS) >= 12


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_reads_its_metric_and_is_raised_by_a_bad_value(made: Made, name: str) -> None:
    alarm = alarms(made)[name]
    namespace, metric, dimensions, good, bad, period, periods = ALARMS[name]

    matching = [entry for entry in metrics_of(alarm) if entry[:2] == (namespace, metric)]

    assert [entry for entry in matching if dimensions is None or entry[2] == dimensions]
    assert {entry[3] for entry in metrics_of(alarm)} == {period}
    assert alarm["evaluation_periods"] == periods
    assert state(alarm, [good] * periods) == "OK"
    assert state(alarm, [bad] * periods) == "ALARM"
    assert state(alarm, [bad] * (periods - 1) + [good]) == "OK"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_has_an_action_and_states_what_missing_data_means(made: Made, name: str) -> None:
    alarm = alarms(made)[name]

    assert alarm["alarm_actions"] == [made.outputs["alert_topic_arn"]]
    assert alarm["treat_missing_data"] == MISSING.get(name, "notBreaching")
    source = (ROOT / "deploy/aws/terraform/modules/monitoring/alarms.tf").read_text(encoding="utf-8")
    [block] = re.findall(rf"^    {name} = \{{\n(.*?)^    \}}", source, re.MULTILINE | re.DOTALL)
    assert re.search(r"^      missing += \"\w+\" # .{15,}|# .*\n      # .*\n      missing", block, re.MULTILINE)


@pytest.mark.parametrize("name", ALARMS)
def test_a_fresh_stack_raises_no_alarm(made: Made, name: str) -> None:
    alarm = alarms(made)[name]

    assert state(alarm, [None] * alarm["evaluation_periods"]) != "ALARM"


def test_no_success_sends_a_message_when_nothing_runs_and_none_while_the_schedule_is_off(made: Made) -> None:
    alarm = alarms(made)["error-no-success"]
    off = alarms(outcome().made["other_settings"])["error-no-success"]

    assert state(alarm, [None] * 26, before="OK") == "INSUFFICIENT_DATA"
    assert alarm["insufficient_data_actions"] == alarm["ok_actions"] == alarm["alarm_actions"]
    assert (alarm["actions_enabled"], off["actions_enabled"]) == (True, False)
    others = [entry for name, entry in alarms(outcome().made["other_settings"]).items() if name != "error-no-success"]
    assert all(entry["actions_enabled"] for entry in others)
    [page] = outcome().made["other_settings"].of_type("aws_cloudwatch_composite_alarm").values()
    assert "no-success" not in page["alarm_rule"]


def test_one_composite_alarm_of_all_errors_pages_and_has_its_own_topic(made: Made) -> None:
    [page] = made.of_type("aws_cloudwatch_composite_alarm").values()

    assert page["alarm_name"] == f"{NAME}-critical-page"
    assert set(page["alarm_rule"].split(" OR ")) == {
        f'ALARM("{NAME}-{name}")' for name in ALARMS if name.startswith("error-")
    }
    assert page["alarm_actions"] == [made.outputs["pages_topic_arn"]]
    assert "docs/runbooks/critical-page.md" in page["alarm_description"]


# --- Metrics, both ways -------------------------------------------------------------------------------------------


def written(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lake: Path) -> set[tuple[str, str]]:
    """Namespace and name of all metrics that Lambda and job write."""
    monkeypatch.setenv("METRICS_NAMESPACE", OURS)
    now = datetime.now(UTC) + timedelta(hours=7)
    store = open_store(str(lake))
    store.put("raw/pending/drop/a.json", b"x")
    store.put("log/frontier.json", b"{}")
    ages = metrics.ages(store, now)
    assert {name: int(value // HOUR) for name, value in ages.items()} in (
        {"OldestPendingSeconds": 7, "SecondsSinceLastCommit": 7},
        {
            "OldestPendingSeconds": 6,
            "SecondsSinceLastCommit": 6,
        },  # allow for differences between the clocks of system and file system
    )
    metrics.emit(Result(run_id="r", last_success=now, token_age=timedelta(days=3), calls_left={"a": 9}), now, ages)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["service"] for line in lines} == {"extract_lambda"}
    of_lambda = {
        (entry["Namespace"], metric["Name"])
        for line in lines
        for entry in line["_aws"]["CloudWatchMetrics"]
        for metric in entry["Metrics"]
    }
    return of_lambda | {(OURS, name) for name in ("JobSeconds", "EntriesLeftUndone", "BatchesWithManyRejects")}


def test_alarms_and_dashboard_show_exactly_the_metrics_that_the_code_emits(
    made: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    emitted = written(capsys, monkeypatch, tmp_path)
    body = json.loads(made.resources["module.monitoring.aws_cloudwatch_dashboard.suite"]["dashboard_body"])
    on_page = [metric for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])]
    of_alarms = [entry for alarm in alarms(made).values() for entry in metrics_of(alarm)]

    assert {(entry[0], entry[1]) for entry in on_page if entry[0].startswith("Spotify")} == emitted
    assert {(entry[0], entry[1]) for entry in of_alarms if entry[0].startswith("Spotify")} <= emitted
    assert {(entry[0], entry[1]) for entry in of_alarms} <= {(entry[0], entry[1]) for entry in on_page}
    assert {tuple(entry[2:]) for entry in on_page if entry[0] == OURS} == {("service", "extract_lambda"), ()}


def test_without_a_setting_the_namespace_is_the_suites(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.emit(Result(run_id="r"), datetime.now(UTC))

    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "SpotifyPlaylistSuite"


def test_two_environments_in_an_account_have_metrics_of_their_own() -> None:
    functions = [
        outcome().made[run].resources["module.extract.aws_lambda_function.extract"]
        for run in ("defaults", "production")
    ]

    assert [entry["environment"][0]["variables"]["METRICS_NAMESPACE"] for entry in functions] == [
        "SpotifyPlaylistSuite/spotify-playlists-dev",
        "SpotifyPlaylistSuite/spotify-playlists-prod",
    ]


def test_the_filters_match_the_jobs_summary(made: Made) -> None:
    filters = {
        values["pattern"]: values["metric_transformation"][0]["value"]
        for values in made.of_type("aws_cloudwatch_log_metric_filter").values()
    }
    summary = Summary("s3://lake", finished=[41], alarms=[{"batch": 42, "items": 10, "rejects": 9}])
    line = json.loads(summary.as_json())

    assert filters == {
        '{ ($.job = "explode_playlists") && ($.finished_earlier[0] >= 1) }': "1",
        '{ ($.job = "explode_playlists") && ($.alarms[0].batch >= 1) }': "1",
        '{ ($.job = "explode_playlists") && ($.seconds >= 0) }': "$.seconds",
    }
    assert (line["job"], line["finished_earlier"][0], line["alarms"][0]["batch"]) == ("explode_playlists", 41, 42)
    assert line["seconds"] >= 0


# --- Runbooks -----------------------------------------------------------------------------------------------------


def test_each_alarm_has_a_page_and_each_page_an_alarm(made: Made) -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}

    assert pages == {*ALARMS, "critical-page"}
    for name, alarm in alarms(made).items():
        assert alarm["alarm_description"].endswith(f"What to do: docs/runbooks/{name}.md")


@pytest.mark.parametrize("name", [*ALARMS, "critical-page"])
def test_a_page_has_the_four_sections(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    parts = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))

    assert list(parts) == ["What it means", "How to check", "How to fix it", "How to know that it is fixed"]
    assert min(len(part.strip()) for part in parts.values()) > 20
    assert "| filter " in parts["How to check"]  # by run id
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (RUNBOOKS / target).is_file(), target


def commands() -> list[tuple[str, str]]:
    """Every `aws` command of the operators' guides, with its page."""
    pages = [*sorted(RUNBOOKS.glob("*.md")), ROOT / "docs" / "operate.md"]
    lines = []
    for path in pages:
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            lines += [(path.name, line) for line in re.findall(r"(?:^|\()(aws [^|)\n]*)", block, re.MULTILINE)]
    return lines


def test_every_aws_command_exists() -> None:
    session = botocore.session.get_session()
    wrong = []
    for page, line in commands():
        _, service, operation, *words = shlex.split(line)
        if service == "logs" and operation == "tail":  # a command of the CLI alone
            continue
        model = session.get_service_model({"s3api": "s3"}.get(service, service))
        names = {xform_name(name, "-"): name for name in model.operation_names}
        if operation not in names:
            wrong.append(f"{page}: {line}")
            continue
        shape = model.operation_model(names[operation]).input_shape
        known = {xform_name(name, "-") for name in shape.members} | {"query", "output", "cli-read-timeout"}
        options = [word.removeprefix("--").removeprefix("no-") for word in words if word.startswith("--")]
        wrong += [f"{page}: --{option} of {line}" for option in options if option not in known]

    assert wrong == []
    assert len(commands()) > 40


def programs() -> set[tuple[str, ...]]:
    """Every program of ours that these guides start: its module, its command if it has any, and its options."""
    started_by_guides = set()
    for path in [*sorted(RUNBOOKS.glob("*.md")), ROOT / "docs" / "operate.md"]:
        for line in re.findall(
            r"^(?:show\(\) \{ )?\.venv/bin/python -m ([^|;)\n]*)", path.read_text("utf-8"), re.MULTILINE
        ):
            module, *words = shlex.split(line.replace('"$BUCKET"', "bucket"))
            command = [word for word in words[:1] if not word.startswith("-")]
            started_by_guides.add((module, *command, *(word for word in words if word.startswith("--"))))
    return started_by_guides


@pytest.mark.parametrize("program", sorted(programs()), ids=" ".join)
def test_every_program_of_ours_takes_the_options_that_the_guides_show(program: tuple[str, ...]) -> None:
    options = [word for word in program if word.startswith("--")]
    command = [word for word in program if not word.startswith("--")]

    done = finished([sys.executable, "-m", *command, "--help"], cwd=ROOT)

    assert done.returncode == 0, done.stderr
    assert [option for option in options if option not in done.stdout] == []
