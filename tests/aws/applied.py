"""Applies deploy/aws/terraform to the local AWS, and lets tests fire schedules, put objects and read the results."""

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from deploy.aws.build import extract_lambda_zip, glue_jobs_zip
from deploy.local.aws.jobs import JobRun
from deploy.local.aws.processes import Program
from deploy.local.aws.server import ACCOUNT, REGION, LocalAws
from tests.waiting import PATIENCE, wait_for

ROOT = Path(__file__).parents[2]
_MIRRORS = ("/opt", "/usr/share", "/usr/local/share", "~", "~/.terraform.d")


def provider_settings(folder: Path) -> Path | None:
    """Write a settings file for a local mirror of Terraform's AWS provider and return its path.

    Returns None if there is a settings file already or no mirror. Terraform then uses that file or the registry.
    """
    settings_file = os.environ.get("TF_CLI_CONFIG_FILE")
    if Path(settings_file or "~/.terraformrc").expanduser().is_file():
        return None
    for place in _MIRRORS:
        for provider in sorted(Path(place).expanduser().glob("*/registry.terraform.io/hashicorp/aws")):
            settings = folder / "terraformrc"
            settings.write_text(
                f'provider_installation {{\n  filesystem_mirror {{\n    path = "{provider.parents[2]}"\n  }}\n}}\n',
                encoding="utf-8",
            )
            return settings
    return None


class Application:
    """Runs `terraform apply` on a copy of the stack, with the zips of `make build`, in another thread.

    Other tests can run meanwhile, because the thread mostly waits. `outputs` waits for the end.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], variables: Mapping[str, object]) -> None:
        self.state = folder / "terraform.tfstate"
        self._folder = folder
        self._log = folder / "terraform.txt"
        self._variables = variables
        self._environment = {
            **os.environ,
            **environment,
            "CODE_LINGER_SECONDS": "0",
            "TF_DATA_DIR": str(folder / "data"),
            "TF_IN_AUTOMATION": "1",
        }
        self._pool = ThreadPoolExecutor(1)
        self._applied = self._pool.submit(self._apply)

    def outputs(self) -> dict[str, Any]:
        """Wait until the stack is applied and return its outputs. Raises AssertionError with Terraform's output."""
        return self._applied.result()

    def alarms(self) -> dict[str, dict[str, Any]]:
        """The metric alarms in Terraform's state, by their names without the stack's prefix."""
        content = json.loads(self.state.read_text(encoding="utf-8"))
        made = [
            instance["attributes"]
            for resource in content["resources"]
            if resource["type"] == "aws_cloudwatch_metric_alarm"
            for instance in resource["instances"]
        ]
        prefix = f"{content['outputs']['glue_job_name']['value'].removesuffix('-transform')}-"
        return {values["alarm_name"].removeprefix(prefix): values for values in made}

    def _apply(self) -> dict[str, Any]:
        variables: dict[str, object] = {
            "extract_zip": str(extract_lambda_zip(self._folder / "dist")),
            "glue_zip": str(glue_jobs_zip(self._folder / "dist")),
            **self._variables,
        }
        for name, value in variables.items():
            self._environment[f"TF_VAR_{name}"] = value if isinstance(value, str) else json.dumps(value)
        _copy_checkout(self._folder / "checkout")
        self.run("init", "-input=false")
        state = f"-state={self.state}"
        self.run("apply", state, "-input=false", "-auto-approve", "-refresh=false", "-parallelism=30")
        content = json.loads(self.state.read_text(encoding="utf-8"))
        return {name: output["value"] for name, output in content["outputs"].items()}

    def run(self, command: str, *options: str) -> None:
        """Run a terraform command, which must succeed."""
        terraform = self._folder / "checkout" / "deploy" / "aws" / "terraform"
        program = Program(["terraform", command, "-no-color", *options], self._environment, terraform, self._log)
        is_good = program.wait(PATIENCE) == 0
        assert is_good, self._log.read_text(encoding="utf-8", errors="replace")[-8000:]


def _copy_checkout(folder: Path) -> None:
    """Link the project into the folder, with a writable copy of the Terraform folder."""
    terraform = folder / "deploy" / "aws" / "terraform"
    shutil.copytree(
        ROOT / "deploy" / "aws" / "terraform",
        terraform,
        ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "*.tfvars"),
    )
    shutil.copy(terraform / "root" / "provider.tf", terraform)  # as `make deploy` makes a root module of it
    for part in ("", "deploy", "deploy/aws"):
        original, copy = ROOT / part, folder / part
        for path in original.iterdir():
            if not (copy / path.name).exists():
                (copy / path.name).symlink_to(path)


class Stack:
    """The applied stack, with methods to fire schedules, put objects, and read topics and bucket."""

    def __init__(self, aws: LocalAws, outputs: Mapping[str, Any]) -> None:
        self.aws = aws
        self.outputs = outputs
        self.bucket: str = outputs["bucket"]
        self.alerts = _Inbox(aws, outputs["alert_topic_arn"])
        self.published = _Inbox(aws, outputs["processed_topic_arn"])  # where Snowflake's queue subscribes

    # Events

    def fire(self, schedule: str, at: str) -> tuple[str | None, Any]:
        """Fire a schedule like EventBridge Scheduler: the target gets its input with the scheduled time.

        For a Lambda, returns its error, if any, and its answer. For a state machine, returns None and the execution.
        """
        entry = self.aws.client("scheduler").get_schedule(GroupName=self.outputs["schedule_group_name"], Name=schedule)
        assert entry["State"] == "ENABLED"
        target = entry["Target"]
        text = target["Input"].replace("<aws.scheduler.scheduled-time>", at)
        assert "<aws" not in text
        if ":states:" in target["Arn"]:
            name = str(uuid.uuid4())
            states = self.aws.client("stepfunctions")
            return None, states.start_execution(stateMachineArn=target["Arn"], name=name, input=text)
        answer = self.aws.client("lambda").invoke(FunctionName=target["Arn"], Payload=text)
        return answer.get("FunctionError"), json.loads(answer["Payload"].read())

    def extract(self, at: str) -> Any:
        """Fire the schedule, which runs the Lambda, and return the Lambda's answer."""
        error, answer = self.fire(self.outputs["schedule_name"], at)
        assert error is None, answer
        return answer

    def put(self, key: str, data: bytes) -> None:
        """Put an object into the bucket."""
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=data)

    def settle(self) -> None:
        """Wait until no event, execution or job run is in progress."""
        wait_for(self._is_settled, "the end of all events, executions and job runs", pause=0.25)

    def _is_settled(self) -> bool:
        deliveries, runs = self.aws.deliveries, self.aws.jobs.runs
        if not deliveries.is_idle or not self.aws.pipes.is_idle or not all(run.is_reported for run in runs):
            return False
        running = self.aws.client("stepfunctions").list_executions(
            stateMachineArn=self.outputs["state_machine_arn"], statusFilter="RUNNING", maxResults=1
        )["executions"]
        return not running and deliveries.is_idle and self.aws.pipes.is_idle

    # Observations

    def executions(self) -> list[dict[str, Any]]:
        """The state machine's executions, the oldest first."""
        pages = self.aws.client("stepfunctions").get_paginator("list_executions")
        arn = self.outputs["state_machine_arn"]
        executions = [entry for page in pages.paginate(stateMachineArn=arn) for entry in page["executions"]]
        return sorted(executions, key=lambda entry: entry["startDate"])

    def path(self, execution: Mapping[str, Any]) -> list[str]:
        """The states of an execution, in order."""
        pages = self.aws.client("stepfunctions").get_paginator("get_execution_history")
        events = [entry for page in pages.paginate(executionArn=execution["executionArn"]) for entry in page["events"]]
        return [entry["stateEnteredEventDetails"]["name"] for entry in events if "stateEnteredEventDetails" in entry]

    @property
    def runs(self) -> list[JobRun]:
        """The job's runs, the oldest first."""
        return self.aws.jobs.runs

    def keys(self, prefix: str) -> list[str]:
        """The bucket's keys under a prefix."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        return [
            entry["Key"]
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix)
            for entry in page.get("Contents", ())
        ]


class _Inbox:
    """A queue that subscribes to a topic."""

    def __init__(self, aws: LocalAws, topic_arn: str) -> None:
        self._sqs = aws.client("sqs")
        name = f"inbox-{uuid.uuid4()}"
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)

    def drained(self) -> list[str]:
        """The messages received since the last call."""
        messages: list[str] = []
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return messages
            for entry in answer["Messages"]:
                messages.append(json.loads(entry["Body"])["Message"])
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=entry["ReceiptHandle"])

    def keys(self) -> list[str]:
        """The keys in the messages of S3 that were received since the last call."""
        records = [record for text in self.drained() for record in json.loads(text).get("Records", ())]
        return [unquote_plus(record["s3"]["object"]["key"]) for record in records]
