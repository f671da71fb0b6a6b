"""The local AWS server.

with LocalAws(folder) as aws:
    aws.client("s3").create_bucket(...)
"""

import json
import logging
import os
import socket
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3  # type: ignore[import-untyped, unused-ignore]
from moto.server import ThreadedMotoServer

from deploy.local.aws import overrides
from deploy.local.aws.events import Deliveries
from deploy.local.aws.functions import FunctionRunner
from deploy.local.aws.jobs import JobRunner
from deploy.local.aws.pipes import Pipes
from deploy.local.aws.processes import end_all
from deploy.local.aws.topics import refusal

REGION = "eu-west-1"
ACCOUNT = "123456789012"  # moto's


class LocalAws:
    """A moto server on a port of an interface (port 0 selects a free one). Runs keep their files in the folder.

    `function_environment` is added to every Lambda function's variables. `jobs.runs` has the Glue runs so far,
    `deliveries` the events that rules have sent. `pipes` moves messages from queues to state machines. A process can
    have only one server at a time, because moto's state is global.
    """

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        host: str = "127.0.0.1",
        function_environment: Mapping[str, str] | None = None,
    ) -> None:
        self._host = host
        self._port = port or _free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.functions = FunctionRunner(folder, {**self.environment, **(function_environment or {})})
        self.jobs = JobRunner(folder, self.environment, self._fetch)
        self.deliveries = Deliveries(self._deliver)
        self.pipes = Pipes(ACCOUNT, REGION, lambda: self.client("sqs"), self._deliver)
        self._clients: dict[str, Any] = {}
        self._clients_lock = threading.Lock()
        self._server = ThreadedMotoServer(host, self._port, verbose=False)

    @property
    def url(self) -> str:
        """Its endpoint, the same for every service."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which boto3, the AWS CLI and Terraform use only this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "2",  # an unsupported call fails at once, not after minutes of retries
        }

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3 has no types
        """A boto3 client; there is one for each service."""
        with self._clients_lock:
            if service not in self._clients:
                self._clients[service] = boto3.session.Session(
                    aws_access_key_id="local",
                    aws_secret_access_key="local",  # noqa: S106  # opens nothing
                    region_name=REGION,
                ).client(service, endpoint_url=self.url)
            return self._clients[service]

    def __enter__(self) -> Self:
        """Start the server."""
        os.environ["MOTO_PORT"] = str(self._port)  # moto's Step Functions reach the other services at this port
        for name, level in (("werkzeug", logging.WARNING), ("moto", logging.CRITICAL)):
            logging.getLogger(name).setLevel(level)  # a line for each request, a page for each failed execution
        overrides.install(self)
        self._server.start()
        self.pipes.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End all runs and stop the server."""
        end_all()
        self.pipes.end()
        self._server.stop()

    def _fetch(self, uri: str, target: Path) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.client("s3").download_file(bucket, key, str(target))

    def _deliver(self, target_arn: str, body: Any) -> None:  # noqa: ANN401  # JSON
        service = target_arn.split(":")[2]
        message = json.dumps(body)
        if service == "lambda":
            self.client("lambda").invoke(FunctionName=target_arn, InvocationType="Event", Payload=message)
        elif service == "states":
            name = f"{uuid.uuid4()}_{uuid.uuid4()}"  # as EventBridge names them; moto calls all unnamed ones "None"
            self.client("stepfunctions").start_execution(stateMachineArn=target_arn, name=name, input=message)
        elif service == "sqs":
            sqs = self.client("sqs")
            url = sqs.get_queue_url(QueueName=target_arn.rpartition(":")[2])["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=message)
        else:
            self._publish(target_arn, body if isinstance(body, str) else message)

    def _publish(self, topic_arn: str, message: str) -> None:
        """Publish as a rule does. Raises PermissionError where AWS would refuse it."""
        sns = self.client("sns")
        attributes = sns.get_topic_attributes(TopicArn=topic_arn)["Attributes"]
        key = attributes.get("KmsMasterKeyId")
        key_policy = self.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"] if key else None
        if reason := refusal(topic_arn, attributes["Policy"], key_policy):
            raise PermissionError(reason)
        sns.publish(TopicArn=topic_arn, Message=message)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
