"""Failures on the applied stack: the alarm is raised, the runbook's commands run, and the alarm ends.

tests/aws/test_chain.py causes the failures that need Spark. No test causes the failures behind four alarms, because the
local AWS neither throttles nor measures durations as AWS does: warning-lambda-slow, warning-lambda-throttled,
warning-job-slow and warning-dpu-hours. tests/aws/test_alarms.py evaluates these alarms on typed values.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.s3.models import s3_backends

from deploy.aws.checklist import Checklist
from deploy.local.aws.jobs import JobRun
from deploy.local.aws.server import ACCOUNT
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, SpotifyStub
from shared import lake
from tests.aws.alarms import Observed
from tests.aws.applied import Application, Stack
from tests.aws.runbooks import run_page
from tests.waiting import wait_for

AT = datetime(2026, 11, 20, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def failing(stack: Stack, spotify: SpotifyStub) -> Iterator[Stack]:
    """The stack with a Spotify login and nothing pending. Tests set how the job's runs end; Spark does not run."""
    log_in(stack, spotify)
    stack.aws.jobs.scripted = [lambda _: ("SUCCEEDED", None)]
    extract(stack)
    stack.settle()
    empty(stack)
    yield stack
    stack.aws.jobs.scripted.clear()


@pytest.fixture
def observed(failing: Stack, application: Application) -> Observed:
    """The metrics from now on. No alarm is raised yet."""
    seen = Observed(failing, application.alarms())
    assert seen.raised() == set()
    return seen


def log_in(stack: Stack, spotify: SpotifyStub, **more: str) -> None:
    login = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": spotify.refresh_token}
    secret = json.dumps(login | more)
    stack.aws.client("secretsmanager").put_secret_value(SecretId=stack.outputs["secret_arn"], SecretString=secret)


def extract(stack: Stack) -> tuple[str | None, Any]:
    """Fire the schedule once more, an hour after the last time."""
    global AT  # noqa: PLW0603  # each call is an hour later
    AT += timedelta(hours=1)
    return stack.fire(stack.outputs["schedule_name"], f"{AT:%Y-%m-%dT%H:%M:%SZ}")


def empty(stack: Stack, prefix: str = lake.PENDING) -> None:
    for key in stack.keys(prefix):
        stack.aws.client("s3").delete_object(Bucket=stack.bucket, Key=key)


def runs_end(stack: Stack, *states: str) -> None:
    """The next runs of the job end in these states and remove what is pending."""

    def end(state: str) -> Callable[[Any], tuple[str, str | None]]:
        def ended(_: object) -> tuple[str, str | None]:
            empty(stack)
            return state, None if state == "SUCCEEDED" else "it failed"

        return ended

    stack.aws.jobs.scripted = [end(state) for state in states]


def age(stack: Stack, key: str, by: timedelta) -> None:
    """Make the object older by this time."""
    s3_backends[ACCOUNT]["aws"].get_object(stack.bucket, key).last_modified -= by  # type: ignore[union-attr]


@contextmanager
def without_topic(stack: Stack) -> Iterator[None]:
    """Within the block EventBridge may not publish to the alert topic."""
    sns, arn = stack.aws.client("sns"), stack.outputs["alert_topic_arn"]
    policy = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    refusing = policy.replace('"events.amazonaws.com"', '"example.amazonaws.com"')
    assert refusing != policy
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=refusing)
    yield
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def fail_a_run(stack: Stack) -> None:
    runs_end(stack, "FAILED")
    stack.aws.client("glue").start_job_run(JobName=stack.outputs["glue_job_name"])
    stack.settle()


def test_a_message_that_its_target_refuses_waits_in_the_queue(failing: Stack, observed: Observed) -> None:
    with without_topic(failing):
        fail_a_run(failing)

    assert observed.raised() == {"error-undelivered"}
    assert run_page("error-undelivered", failing)  # which empties the queue
    assert observed.raised() == set()


def test_an_event_that_neither_target_nor_queue_accepts_is_lost(failing: Stack, observed: Observed) -> None:
    events = failing.aws.client("events")
    rule = f"{failing.outputs['glue_job_name'].removesuffix('-transform')}-job-failed"
    [target] = events.list_targets_by_rule(Rule=rule)["Targets"]
    without_queue = {**target, "DeadLetterConfig": {"Arn": f"{target['DeadLetterConfig']['Arn']}-gone"}}
    events.put_targets(Rule=rule, Targets=[without_queue])
    with without_topic(failing):
        fail_a_run(failing)
    events.put_targets(Rule=rule, Targets=[target])

    assert observed.raised() == {"error-events-lost"}
    runs_end(failing, "SUCCEEDED")
    assert run_page("error-events-lost", failing)
    failing.settle()


def test_a_pipe_that_was_stopped_starts_no_execution(failing: Stack, observed: Observed) -> None:
    project = failing.outputs["glue_job_name"].removesuffix("-transform")
    failing.aws.client("pipes").stop_pipe(Name=f"{project}-pending")
    failing.put(f"{lake.DROP}a.json", b"x")
    observed.later_seconds = 1801
    wait_for(lambda: "error-pending-queue-stuck" in observed.raised(), "the event to be in the queue")

    runs_end(failing, "SUCCEEDED")
    assert observed.raised() == {"error-pending-queue-stuck"}
    assert run_page("error-pending-queue-stuck", failing)  # which starts the machine and the pipe
    failing.settle()
    assert (observed.raised(), failing.keys(lake.PENDING)) == (set(), [])


def test_an_object_that_is_pending_for_hours_is_reported_by_the_lambda(failing: Stack, observed: Observed) -> None:
    key = f"{lake.DROP}a.json"
    failing.aws.jobs.scripted = [lambda _: ("FAILED", "it failed")]  # and leaves the object
    failing.put(key, b"x")
    failing.settle()
    age(failing, key, timedelta(hours=7))
    extract(failing)

    assert observed.raised() == {"error-pending-old"}
    runs_end(failing, "SUCCEEDED")
    assert run_page("error-pending-old", failing)  # which starts the machine
    failing.settle()
    assert failing.keys(lake.PENDING) == []


def test_an_old_last_commit_is_reported_by_the_lambda(failing: Stack, observed: Observed) -> None:
    failing.put(lake.WATERMARK, b"{}")
    age(failing, lake.WATERMARK, timedelta(days=33))
    extract(failing)

    assert observed.raised() == {"warning-commit-old"}
    assert run_page("warning-commit-old", failing)
    failing.settle()
    empty(failing, lake.WATERMARK)


def test_three_runs_that_failed_raise_an_alarm_beside_their_messages(failing: Stack, observed: Observed) -> None:
    fail_a_run(failing)
    fail_a_run(failing)
    assert observed.raised() == set()
    fail_a_run(failing)

    assert observed.raised() == {"error-job-fails-again"}
    runs_end(failing, "SUCCEEDED")
    assert run_page("error-job-fails-again", failing)
    failing.settle()


def test_an_execution_that_may_not_start_the_job_fails(failing: Stack, observed: Observed) -> None:
    failing.aws.jobs.refusals.append("AccessDeniedException")
    failing.put(f"{lake.DROP}a.json", b"x")
    failing.settle()

    assert observed.raised() == {"error-machine-failed"}
    runs_end(failing, "SUCCEEDED")
    assert run_page("error-machine-failed", failing)  # which starts the machine again
    failing.settle()
    assert failing.executions()[-1]["status"] == "SUCCEEDED"


def test_an_old_login_is_reported_by_the_lambda(failing: Stack, observed: Observed, spotify: SpotifyStub) -> None:
    consented = datetime.now(UTC) - timedelta(days=151)
    log_in(failing, spotify, consented_at=f"{consented:%Y-%m-%dT%H:%M:%SZ}")
    extract(failing)

    assert observed.raised() == {"warning-login-ends"}
    assert run_page("warning-login-ends", failing)
    log_in(failing, spotify)


def test_few_calls_left_are_reported_by_the_lambda(failing: Stack, observed: Observed) -> None:
    environment = failing.aws.functions.environment
    environment["SPOTIFY_CALLS_PER_DAY"] = "12"  # the extractions before have made some
    extract(failing)
    del environment["SPOTIFY_CALLS_PER_DAY"]

    assert observed.raised() == {"warning-quota-left"}
    assert run_page("warning-quota-left", failing)


def test_an_invalid_login_fails_each_extraction_until_the_next_login(
    failing: Stack, observed: Observed, spotify: SpotifyStub
) -> None:
    state = json.loads(
        failing.aws.client("s3").get_object(Bucket=failing.bucket, Key=lake.EXTRACTION_STATE)["Body"].read()
    )
    state["succeeded_at"] = f"{datetime.now(UTC) - timedelta(hours=27):%Y-%m-%dT%H:%M:%SZ}"
    failing.put(lake.EXTRACTION_STATE, json.dumps(state).encode())
    log_in(failing, spotify, refresh_token="revoked")
    error, answer = extract(failing)
    assert (error is None, "Traceback" in answer["errorMessage"]) == (False, False)
    observed.lambda_errors += 1

    assert observed.raised() == {"error-no-success", "warning-lambda-errors"}
    log_in(failing, spotify)  # the login command, as both pages say
    assert run_page("error-no-success", failing)  # which invokes the Lambda
    assert run_page("warning-lambda-errors", failing)


def test_the_checklist_reports_what_it_observed(failing: Stack) -> None:
    def summary(run: JobRun) -> tuple[str, str | None]:
        run.log.write_text('{"job": "explode_playlists", "seconds": 1}\n', encoding="utf-8")
        return "SUCCEEDED", None

    failing.aws.jobs.scripted = [summary, lambda _: ("FAILED", "ArgumentError: none")]
    failing.put(f"{lake.DROP}.hidden.json", b"x")
    failing.aws.client("glue").start_job_run(JobName=failing.outputs["glue_job_name"])
    failing.settle()

    findings = {
        finding.check: finding for finding in Checklist(failing.outputs, failing.aws.client, poll=0.05).findings()
    }
    failing.settle()
    failing.alerts.drained()
    empty(failing)

    metrics = f"metrics in SpotifyPlaylistSuite/{failing.outputs['glue_job_name'].removesuffix('-transform')}"
    assert [check for check, finding in findings.items() if not finding.is_expected] == [
        metrics
    ]  # the local AWS makes none
    assert '"status": "ok"' in findings["the extraction"].seen
    assert "Runs > Will a run list later? > Pending" in findings["an execution"].seen
    assert findings["the run's summary in the log"].seen == 'one event, {"job": "explode_playlists", "seconds": 1}'
    assert findings["the canary"].seen.endswith("FAILED ArgumentError: none")
    assert findings["a deleted object restored"].seen == "kept"
    assert findings["immutable_lake"].seen.startswith("off")


def test_the_checklist_reports_a_bucket_that_refuses_a_conditional_copy(failing: Stack) -> None:
    s3 = failing.aws.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=failing.bucket)["Policy"])
    refusing = {
        "Sid": "CreatedOnce",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{failing.bucket}/processed/*",
    }
    statements = {**policy, "Statement": [*policy["Statement"], refusing]}
    s3.put_bucket_policy(Bucket=failing.bucket, Policy=json.dumps(statements))
    failing.put(f"staging/check-{AT:%H}", b"x")

    checklist = Checklist(failing.outputs, failing.aws.client, marker=f"{AT:%H}")
    finding = checklist._immutability()
    s3.put_bucket_policy(Bucket=failing.bucket, Policy=json.dumps(policy))

    assert (finding.check, finding.is_expected) == ("immutable_lake", False)
    assert finding.seen.startswith("a conditional copy is refused, ")
    assert finding.seen.endswith(" (403): set it to false")


@pytest.mark.parametrize(
    "name",
    [
        "warning-lambda-slow",
        "warning-lambda-throttled",
        "warning-job-slow",
        "warning-dpu-hours",
        "warning-entry-undone",
        "warning-many-rejects",
        "critical-page",
    ],
)
def test_the_commands_of_the_other_pages_run_too(failing: Stack, name: str) -> None:
    runs_end(failing, *["SUCCEEDED"] * 3)

    assert run_page(name, failing)
    failing.settle()
