"""The first account checklist, `python -m deploy.aws check`: checks that only a real account can answer.

It takes about ten minutes and two billed runs of the job. It does not change the tables: it writes objects below
staging/, which expire, and with `immutable_lake` one below processed/_check/, which no table reads.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from deploy.commands import CommandError
from deploy.stack import ZIPS, Stack, caller, environment_name, find_terraform

_ENDED = {"SUCCEEDED", "FAILED", "TIMEOUT", "TIMED_OUT", "ERROR", "STOPPED", "ABORTED"}
_WAIT_SECONDS = 600
_POLL_SECONDS = 5


class Finding(NamedTuple):
    """One line of the report: the check, whether its result is as expected, and the result."""

    check: str
    is_expected: bool
    seen: str


@dataclass
class Checklist:
    """The checks of one environment. `client` returns a client of an AWS service; `poll` is in seconds."""

    outputs: Mapping[str, Any]
    client: Callable[[str], Any]
    poll: float = _POLL_SECONDS
    marker: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")

    def findings(self) -> Iterator[Finding]:
        """Run each check and yield its result."""
        yield self._extraction()
        yield self._execution()
        run = self._newest_run()
        yield Finding("the job's last run", run.get("JobRunState") == "SUCCEEDED", _of_run(run))
        yield self._summary(run)
        yield self._metrics()
        yield from self._canary()
        yield self._undelivered()
        yield self._restoring()
        yield self._immutability()

    def _extraction(self) -> Finding:
        name = self.outputs["extract_function_name"]
        answer = self.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload=b"{}")
        content = json.loads(answer["Payload"].read())
        is_good = "FunctionError" not in answer and content.get("status") in {"ok", "partial", "no login"}
        return Finding("the extraction", is_good, json.dumps(content)[:200])

    def _execution(self) -> Finding:
        """Start the state machine; it must succeed, whether or not anything is pending."""
        states = self.client("stepfunctions")
        started = states.start_execution(
            stateMachineArn=self.outputs["state_machine_arn"], name=f"check-{self.marker}", input='{"why": "check"}'
        )
        arn = started["executionArn"]
        execution = self._ended(lambda: states.describe_execution(executionArn=arn), "status")
        events = states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        path = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        return Finding("an execution", execution["status"] == "SUCCEEDED", f"{execution['status']}: {' > '.join(path)}")

    def _newest_run(self) -> dict[str, Any]:
        glue, name = self.client("glue"), self.outputs["glue_job_name"]
        run: dict[str, Any] = next(iter(glue.get_job_runs(JobName=name, MaxResults=1)["JobRuns"]), {})
        return run

    def _summary(self, run: Mapping[str, Any]) -> Finding:
        """Alarms read the last line of a run's output, so that line must be a separate log event."""
        check, group = "the run's summary in the log", f"/aws-glue/jobs/{self.outputs['glue_job_name']}/output"
        pages = self.client("logs").get_paginator("filter_log_events")
        events = [
            event["message"]
            for page in pages.paginate(logGroupName=group, logStreamNamePrefix=run.get("Id", "none"))
            for event in page["events"]
        ]
        lines = [message for message in events if '"job": "explode_playlists"' in message]
        return Finding(check, bool(lines), f"one event, {lines[-1][:120]}" if lines else f"none in {group}")

    def _metrics(self) -> Finding:
        namespace = f"SpotifyPlaylistSuite/{self.outputs['glue_job_name'].removesuffix('-transform')}"
        pages = self.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=namespace)
        names = sorted({metric["MetricName"] for page in pages for metric in page["Metrics"]})
        return Finding(f"metrics in {namespace}", "JobSeconds" in names, ", ".join(names) or "none; they take minutes")

    def _canary(self) -> Iterator[Finding]:
        """Start a run that fails at once, because EventBridge must be able to publish to the encrypted topic."""
        glue, name = self.client("glue"), self.outputs["glue_job_name"]
        run_id = glue.start_job_run(JobName=name, Arguments={"--replay": "none"})["JobRunId"]
        run = self._ended(lambda: glue.get_job_run(JobName=name, RunId=run_id)["JobRun"], "JobRunState")
        yield Finding("the canary", run["JobRunState"] == "FAILED", _of_run(run))
        mailed = f"a mail with severity error and run {run_id}, as whole JSON, must have come: check your inbox"
        yield Finding("the canary's message", is_expected=True, seen=mailed)

    def _undelivered(self) -> Finding:
        url = self.outputs["undelivered_queue_url"]
        names = ["ApproximateNumberOfMessages"]
        count = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]]
        return Finding("the queue of what could not be delivered", count == "0", f"{count} messages")

    def _restoring(self) -> Finding:
        """A deleted object must be readable again after its delete marker is removed."""
        s3, place = self.client("s3"), {"Bucket": self.outputs["bucket"], "Key": f"staging/check-{self.marker}"}
        s3.put_object(**place, Body=b"kept")
        marker = s3.delete_object(**place).get("VersionId", "")
        s3.delete_object(**place, VersionId=marker)
        try:
            seen = s3.get_object(**place)["Body"].read().decode()
        except s3.exceptions.NoSuchKey:
            seen = "nothing"
        return Finding("a deleted object restored", seen == "kept", seen)

    def _immutability(self) -> Finding:
        """With `immutable_lake`, S3 must allow a conditional copy and refuse a put that overwrites it."""
        from botocore.exceptions import ClientError  # noqa: PLC0415  # takes a second, which wrong arguments should not cost

        s3, bucket, check = self.client("s3"), self.outputs["bucket"], "immutable_lake"
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        if all(statement.get("Sid") != "CreatedOnce" for statement in policy["Statement"]):
            return Finding(
                check, is_expected=True, seen="off: set it to true in an environment without data, then check again"
            )
        source, target = f"staging/check-{self.marker}", f"processed/_check/{self.marker}.txt"
        try:
            s3.copy_object(Bucket=bucket, Key=target, CopySource=f"{bucket}/{source}", IfNoneMatch="*")
        except ClientError as error:
            return Finding(
                check, is_expected=False, seen=f"a conditional copy is refused, {_of_error(error)}: set it to false"
            )
        try:
            s3.put_object(Bucket=bucket, Key=target, Body=b"overwritten")
        except ClientError as error:
            return Finding(
                check, is_expected=True, seen=f"a conditional copy is allowed, overwriting refused, {_of_error(error)}"
            )
        return Finding(
            check, is_expected=False, seen="a published file can be overwritten: is your role in operator_role_arns?"
        )

    def _ended(self, describe: Callable[[], dict[str, Any]], state: str) -> dict[str, Any]:
        ends_at = time.monotonic() + _WAIT_SECONDS
        while (described := describe())[state] not in _ENDED and time.monotonic() < ends_at:
            time.sleep(self.poll)
        return described


def _of_run(run: Mapping[str, Any]) -> str:
    if not run:
        return "no run: something must be pending first"
    return " ".join(str(run[name]) for name in ("Id", "JobRunState", "ErrorMessage") if run.get(name))[:200]


def _of_error(error: Any) -> str:  # noqa: ANN401  # botocore has no types
    return f"{error.response['Error']['Code']} ({error.response['ResponseMetadata']['HTTPStatusCode']})"


def check(arguments: argparse.Namespace) -> int:
    """Run the first account checklist and print each result."""
    import boto3  # noqa: PLC0415  # as above

    zips = arguments.built or ZIPS
    stack = Stack(find_terraform(os.environ), arguments.folder, environment_name(arguments.env), zips)
    outputs = stack.outputs()
    if not outputs:
        raise CommandError(f"environment {stack.environment} does not exist: make deploy ENV={stack.environment}")
    print(f"Environment {stack.environment}, AWS account {caller().account}, region {outputs['region']}", flush=True)
    session = boto3.Session(region_name=outputs["region"])
    is_expected = True
    for finding in Checklist(outputs, session.client).findings():
        is_expected &= finding.is_expected
        print(
            f"{'as expected' if finding.is_expected else 'NOT EXPECTED':<13} {finding.check}: {finding.seen}",
            flush=True,
        )
    return 0 if is_expected else 1
