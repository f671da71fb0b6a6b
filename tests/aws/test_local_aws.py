"""The local AWS itself: behaviour that differs from moto's, and its command."""

import io
import json
import subprocess
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest

from deploy.local.aws.events import body_of
from deploy.local.aws.functions import Function, FunctionRunner
from deploy.local.aws.server import ACCOUNT, REGION, LocalAws
from tests.waiting import PATIENCE, started, wait_for

ROOT = Path(__file__).parents[2]
EVENT = {"id": "e-1", "detail": {"bucket": {"name": "lake"}, "object": {"key": 'a "b" +c.json', "size": 7}}}


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ({}, EVENT),
        ({"Input": '{"why": "daily"}'}, {"why": "daily"}),
        ({"InputPath": "$.detail.object"}, {"key": 'a "b" +c.json', "size": 7}),
        ({"InputPath": "$.detail.nothing"}, None),
    ],
)
def test_a_target_is_sent_its_input_or_the_event(target: dict[str, Any], body: object) -> None:
    assert body_of(target, EVENT) == body


def test_a_template_inserts_values_as_json() -> None:
    transformer = {
        "InputPathsMap": {"key": "$.detail.object.key", "size": "$.detail.object.size", "none": "$.detail.none"},
        "InputTemplate": '{"key": <key>, "size": <size>, "none": <none>, "why": "<size> bytes, <other>"}',
    }

    assert body_of({"InputTransformer": transformer}, EVENT) == {
        "key": 'a "b" +c.json',
        "size": 7,
        "none": None,
        "why": "7 bytes, <other>",
    }


def test_a_value_inside_a_string_is_not_escaped_as_on_aws() -> None:
    transformer = {"InputPathsMap": {"key": "$.detail.object.key"}, "InputTemplate": '"put of <key>"'}

    with pytest.raises(ValueError, match="is not JSON"):
        body_of({"InputTransformer": transformer}, EVENT)


def zipped(code: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("function.py", code)
    return data.getvalue()


def function(code: str, timeout: float = PATIENCE) -> Function:
    return Function("f", "arn:f", "function.handle", zipped(code), {"OWN": "its own"}, timeout, 512)


def test_a_function_runs_with_only_its_own_environment_and_the_runtimes_boto3(tmp_path: Path) -> None:
    code = """
import os, importlib.util
import boto3
def handle(event, context):
    print("said")
    found = [name for name in ("spotipy", "pyspark", "deploy") if importlib.util.find_spec(name)]
    return [event, os.environ["OWN"], os.environ["AWS_ENDPOINT_URL"], found, context.get_remaining_time_in_millis() > 0]
"""
    runner = FunctionRunner(tmp_path, {"AWS_ENDPOINT_URL": "http://here"})

    answer = runner.invoke(function(code), {"a": 1})

    assert answer.payload == [{"a": 1}, "its own", "http://here", [], True], answer.log
    assert (answer.is_error, answer.log) == (False, "said\n")


def test_a_functions_error_is_its_answer(tmp_path: Path) -> None:
    answer = FunctionRunner(tmp_path, {}).invoke(function("def handle(event, context): raise KeyError('no')"), {})

    assert (answer.is_error, answer.payload) == (True, {"errorType": "KeyError", "errorMessage": "'no'"})
    assert "Traceback" in answer.log


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_function_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    code = """
import subprocess, sys, time
def handle(event, context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    print(child.pid, flush=True)
    time.sleep(300)
"""
    answer = FunctionRunner(tmp_path, {}).invoke(function(code, timeout=15), {})

    assert answer.payload == {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 15.00 seconds"}
    # A killed process exists until the kernel has removed it.
    wait_for(lambda: not is_running(int(answer.log)), "the function's child to be gone")


def test_a_rule_reaches_a_topic_and_a_disabled_one_reaches_no_target(local_aws: LocalAws) -> None:
    events, sqs, sns = (local_aws.client(name) for name in ("events", "sqs", "sns"))
    topic = sns.create_topic(Name="rules")["TopicArn"]
    queue = sqs.create_queue(QueueName="rules")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:rules")
    for name, state in (("silent", "DISABLED"), ("loud", "ENABLED")):
        events.put_rule(Name=name, State=state, EventPattern=json.dumps({"source": ["mine"]}))
        events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": topic, "Input": json.dumps({"rule": name})}])

    events.put_events(Entries=[{"Source": "mine", "DetailType": "test", "Detail": "{}"}])
    wait_for(lambda: local_aws.deliveries.is_idle, "the event to arrive")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]

    assert [json.loads(json.loads(entry["Body"])["Message"]) for entry in messages] == [{"rule": "loud"}]


ALLOWED = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
TOPIC_OF_KEY = "kms:EncryptionContext:aws:sns:topicArn"


@pytest.mark.parametrize(
    ("of_topic", "of_key", "is_delivered"),
    [
        ({}, {"Condition": {"ArnLike": {TOPIC_OF_KEY: f"arn:aws:sns:{REGION}:{ACCOUNT}:locked*"}}}, True),
        ({}, {}, True),
        ({"Condition": THIS_ACCOUNT}, {}, False),
        ({}, {"Condition": THIS_ACCOUNT}, False),
        ({}, {"Condition": {"ArnLike": {TOPIC_OF_KEY: f"arn:aws:sns:{REGION}:{ACCOUNT}:another"}}}, False),
        ({}, {"Action": "kms:Decrypt"}, False),
        ({}, {"Principal": {"Service": "cloudwatch.amazonaws.com"}}, False),
        ({"Principal": {"Service": "cloudwatch.amazonaws.com"}}, {}, False),
    ],
)
def test_eventbridge_is_refused_an_encrypted_topic_as_on_aws(
    local_aws: LocalAws,
    of_topic: dict[str, Any],
    of_key: dict[str, Any],
    is_delivered: bool,  # a parameter of the test
) -> None:
    events, sqs, sns, kms = (local_aws.client(name) for name in ("events", "sqs", "sns", "kms"))
    name = f"locked-{uuid.uuid4()}"
    key = kms.create_key(Policy=policy({"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*", **of_key}))
    topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key["KeyMetadata"]["Arn"]})["TopicArn"]
    of_topic = {"Action": "sns:Publish", "Resource": topic, **of_topic}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(of_topic))
    arrived, undelivered = (sqs.create_queue(QueueName=f"{name}-{what}")["QueueUrl"] for what in ("in", "dead"))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-in")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    dead = {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-dead"}
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": topic, "DeadLetterConfig": dead}])

    events.put_events(Entries=[{"Source": name, "DetailType": "test", "Detail": "{}"}])
    wait_for(lambda: local_aws.deliveries.is_idle, "the event to arrive")
    events.remove_targets(Rule=name, Ids=["t"])
    messages, lost = (sqs.receive_message(QueueUrl=url).get("Messages", []) for url in (arrived, undelivered))

    assert (len(messages), len(lost)) == ((1, 0) if is_delivered else (0, 1))


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOWED, **statement}]})


def test_the_command_prints_the_variables_and_ends_on_a_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "deploy.local.aws", "--port", "0", "--folder", str(tmp_path)]
    with started(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        lines = [program.stdout.readline() for _ in range(7)]
        settings = dict(line.removeprefix("export ").strip().split("=", 1) for line in lines)
        client = boto3.client(
            "sts",
            endpoint_url=settings["AWS_ENDPOINT_URL"],
            region_name=settings["AWS_REGION"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        )
        assert client.get_caller_identity()["Account"] == ACCOUNT

        program.terminate()

        assert program.wait(PATIENCE) == 0
