"""The state machine of deploy/aws/terraform on the local AWS: when it starts a run, and when it starts another.

The job's runs end as each test says, without Spark; tests/aws/test_chain.py has the whole chain.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from deploy.local.aws.jobs import JobRun
from deploy.local.aws.server import ACCOUNT, LocalAws
from shared import lake
from tests.aws.stack import outcome
from tests.waiting import wait_for

BUCKET, JOB = "lake", "transform"  # as in tests/events.tftest.hcl
SUCCEEDED, FAILED, TIMEOUT = ("SUCCEEDED", None), ("FAILED", "no"), ("TIMEOUT", "Job run timed out")
A_DROP = "raw/pending/drop/a b+c.json"


class Machine:
    """The state machine with its job and bucket. `do` runs an execution to its end."""

    def __init__(self, aws: LocalAws, arn: str) -> None:
        self.aws = aws
        self._arn = arn

    def put(self, *keys: str) -> None:
        for key in keys:
            self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")

    def runs_end(self, *ends: tuple[str, str | None], at_last: Callable[[], None] = lambda: None) -> None:
        """Set how the next runs end: state and message of each. The last of these runs first calls `at_last`."""

        def last(_: JobRun) -> tuple[str, str | None]:
            at_last()
            return ends[-1]

        self.aws.jobs.scripted = [*(lambda _, end=end: end for end in ends[:-1]), last]  # type: ignore[misc]

    def empty(self, *prefixes: str) -> None:
        s3 = self.aws.client("s3")
        for prefix in prefixes or ("",):
            for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", []):
                s3.delete_object(Bucket=BUCKET, Key=entry["Key"])

    def do(self, event: object = ("put", "put")) -> tuple[str, list[str], int]:
        """Run an execution. Returns its status, its states, and the number of runs that it started."""
        before, states = len(self.aws.jobs.runs), self.aws.client("stepfunctions")
        started = states.start_execution(stateMachineArn=self._arn, name=str(uuid.uuid4()), input=json.dumps(event))
        arn = started["executionArn"]
        wait_for(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", "the execution to end")
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [entry for page in pages for entry in page["events"]]
        path = [entry["stateEnteredEventDetails"]["name"] for entry in events if "stateEnteredEventDetails" in entry]
        return states.describe_execution(executionArn=arn)["status"], path, len(self.aws.jobs.runs) - before


@pytest.fixture(scope="module")
def deployed(local_aws: LocalAws) -> Machine:
    s3, glue, iam, states = (local_aws.client(name) for name in ("s3", "glue", "iam", "stepfunctions"))
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):  # moto has one set of buckets in a process
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="machine-test", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    glue.create_job(Name=JOB, Role=role, Command={"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/none.py"})
    definition = outcome().made["events"].resources["aws_sfn_state_machine.machine"]["definition"]
    assert '"Seconds":60' in definition
    made = states.create_state_machine(
        name="machine-test", roleArn=role, definition=definition.replace('"Seconds":60', '"Seconds":1')
    )
    return Machine(local_aws, made["stateMachineArn"])


@pytest.fixture
def machine(deployed: Machine) -> Iterator[Machine]:
    yield deployed
    deployed.empty()
    deployed.aws.jobs.scripted.clear()
    deployed.aws.jobs.refusals.clear()


TO_THE_RUN = ["Begin", "Runs", "Will a run list later?", "Pending", "Is anything pending?", "Run"]


@pytest.mark.parametrize("event", [["put"] * 1000, {"why": "daily"}])
def test_pending_objects_start_one_run_for_any_event(machine: Machine, event: object) -> None:
    machine.put(A_DROP)
    machine.runs_end(SUCCEEDED, at_last=machine.empty)

    assert machine.do(event) == ("SUCCEEDED", [*TO_THE_RUN, "Did it stop early?", "Is there more?", "Done"], 1)


NEVER_READ = [
    "raw/pending/",
    "raw/pending/drop/",
    "raw/pending/drop_$folder$",
    "raw/pending/drop/sub_$folder$",
    "raw/pending/drop/.DS_Store",
    "raw/pending/drop/.hidden/a.json",
    "raw/pending/drop/_temporary/0/a.json",
    "raw/pending/drop/a.json.part",
    "raw/pending/drop/a.json.tmp",
    "raw/pending/drop/.a.json.crc",
    "raw/pending/drop/double//slash.json",
    "raw/pending/drop/./a.json",
    "raw/pending/drop/../a.json",
]


def test_folder_markers_hidden_files_and_unaddressable_keys_start_no_run(machine: Machine) -> None:
    machine.put(*NEVER_READ)

    status, path, runs = machine.do()

    assert (status, path[-1], runs) == ("SUCCEEDED", "Nothing to do", 0)
    assert path.count("Pending") == len(NEVER_READ)  # the first key is where it starts, and the last check finds none


@pytest.mark.parametrize(
    "key", [A_DROP, "raw/pending/drop/日本.json", "raw/pending/drop/x%2By.json", lake.manifest("r")]
)
def test_a_regular_key_among_them_starts_a_run(machine: Machine, key: str) -> None:
    machine.put(*NEVER_READ, key)
    machine.runs_end(SUCCEEDED, at_last=machine.empty)

    assert machine.do()[2] == 1


@pytest.mark.parametrize("code", ["AWSGlueException", "ThrottlingException"])
def test_a_throttled_start_is_tried_again(machine: Machine, code: str) -> None:
    machine.put(A_DROP)
    machine.aws.jobs.refusals = [code]
    machine.runs_end(SUCCEEDED, at_last=machine.empty)

    status, path, runs = machine.do()

    assert (status, path[-1], runs) == ("SUCCEEDED", "Done", 1)
    assert path.count("Run") == 1  # within the state


@pytest.mark.parametrize("code", ["ResourceNumberLimitExceededException", "ConcurrentRunsExceededException"])
def test_if_no_run_can_start_now_the_machine_waits_and_checks_again(machine: Machine, code: str) -> None:
    machine.put(A_DROP)
    machine.aws.jobs.refusals = [code, code]
    machine.runs_end(SUCCEEDED, at_last=machine.empty)

    status, path, runs = machine.do()

    assert (status, path[-1], runs, path.count("Gather")) == ("SUCCEEDED", "Done", 1, 2)


def test_a_start_that_is_refused_permanently_fails_the_execution(machine: Machine) -> None:
    machine.put(A_DROP)
    machine.aws.jobs.refusals = ["AccessDeniedException"]

    status, path, runs = machine.do()

    assert (status, path[-1], runs) == ("FAILED", "Not started", 0)


def test_after_a_run_that_stopped_early_the_next_is_started(machine: Machine) -> None:
    machine.put(A_DROP, lake.MORE)
    machine.runs_end(SUCCEEDED, SUCCEEDED, SUCCEEDED, at_last=machine.empty)

    status, path, runs = machine.do()

    assert (status, path[-1], runs) == ("SUCCEEDED", "Done", 3)


def test_more_json_starts_no_run_if_nothing_is_pending(machine: Machine) -> None:
    machine.put(A_DROP, lake.MORE)
    machine.runs_end(SUCCEEDED, at_last=lambda: machine.empty("raw/"))

    status, path, runs = machine.do()

    assert (status, path[-1], runs) == ("SUCCEEDED", "Nothing to do", 1)


def test_after_a_timeout_the_next_run_is_started(machine: Machine) -> None:
    machine.put(A_DROP)
    machine.runs_end(TIMEOUT, SUCCEEDED, at_last=machine.empty)

    status, path, runs = machine.do()

    assert (status, path[-1], runs) == ("SUCCEEDED", "Done", 2)


@pytest.mark.parametrize(("ends", "runs"), [([TIMEOUT] * 3, 3), ([FAILED], 1), ([TIMEOUT, FAILED], 2)])
def test_a_job_that_fails_is_left_to_its_own_alert(
    machine: Machine, ends: list[tuple[str, str | None]], runs: int
) -> None:
    machine.put(A_DROP)
    machine.runs_end(*ends)

    status, path, started = machine.do()

    assert (status, path[-1], started) == ("SUCCEEDED", "Left to the job's alert", runs)


def test_the_machine_sends_no_message_itself(machine: Machine) -> None:
    assert machine
    definition = outcome().made["events"].resources["aws_sfn_state_machine.machine"]["definition"]

    assert "sns" not in definition
    assert ACCOUNT not in definition
