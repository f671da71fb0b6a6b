"""Overrides for what moto 5.2.5 lacks or does differently from AWS. No other module patches moto.

    install(machine)   once, before the server starts

- Lambda: runs the function's own zip.
- EventBridge: rules deliver to Lambda, Step Functions and SNS; disabled rules send nothing; events that a target
  refuses go to its dead-letter queue.
- Glue: a run is a process with a start, an end, a log and a state-change event; the newest run is listed first.
- Step Functions: executions run; `.sync` of Glue ends; two calls that Terraform makes are answered.
- Budgets: two calls that Terraform makes are answered. CloudWatch: a composite alarm is stored like a metric alarm.
- S3: a bucket's TLS-only policy does not refuse local plain HTTP; KMS key ids are hidden from Hadoop.
"""

import functools
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

import boto3  # type: ignore[import-untyped, unused-ignore]
import moto
from botocore.config import Config  # type: ignore[import-untyped, unused-ignore]
from flask import has_request_context, request
from moto.awslambda.models import LambdaFunction
from moto.budgets.responses import BudgetsResponse
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.config import default_user_config
from moto.core.exceptions import JsonRESTError
from moto.events.models import Rule, events_backends
from moto.events.utils import _BASE_EVENT_MESSAGE
from moto.glue.models import FakeJob, FakeJobRun
from moto.logs.models import logs_backends
from moto.s3.models import FakeBucket, FakeKey
from moto.settings import moto_server_port
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_glue,
    state_task_service_sns,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.responses import StepFunctionResponse
from moto.utilities.arns import parse_arn

from deploy.local.aws.events import Deliveries, Delivery, body_of
from deploy.local.aws.functions import Function, FunctionRunner
from deploy.local.aws.jobs import JobRun, JobRunner

_OURS = {"lambda", "states", "sns", "sqs"}  # moto delivers to queues only, and never late or twice


class Machine(Protocol):
    """The parts of the local AWS that run functions and jobs and deliver events, which moto only stores."""

    functions: FunctionRunner
    jobs: JobRunner
    deliveries: Deliveries


_machine: Machine


# --- Lambda


def _invoke_lambda(self: Any, event: Any = None) -> tuple[str, bool, str]:
    function = Function(
        name=self.function_name,
        arn=self.function_arn,
        handler=self.handler,
        code=self.code_bytes,
        environment=self.environment_vars,
        timeout=float(self.timeout),
        memory=int(self.memory_size),
    )
    answer = _machine.functions.invoke(function, json.loads(event or "{}") if isinstance(event, str) else event)
    self.logs_backend.ensure_log_group(self.logs_group_name)
    self.save_logs(answer.log)
    return json.dumps(answer.payload), answer.is_error, answer.log


# --- EventBridge

_send_by_moto: Any = Rule.send_to_targets


def _send_to_targets(self: Any, event: Any, transform_input: bool = True) -> None:  # noqa: FBT001, FBT002  # as in moto
    if self.state == "DISABLED" or not self.event_pattern.matches_event(event):
        return
    sent_at = datetime.fromtimestamp(float(event["time"]), UTC)
    sent_event = {**event, "time": f"{sent_at:%Y-%m-%dT%H:%M:%SZ}", "id": str(uuid.uuid4())}
    others = []
    for target in self.targets:
        if parse_arn(target["Arn"]).service in _OURS:
            _machine.deliveries.send(_delivery(self.name, target, sent_event))
        else:
            others.append(target)
    if others:
        rule: Any = Rule.__new__(Rule)
        rule.__dict__.update(self.__dict__, targets=others)
        _send_by_moto(rule, event, transform_input)


def _delivery(rule: str, target: Mapping[str, Any], event: Mapping[str, Any]) -> Delivery:
    dead_letter = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    try:
        return Delivery(rule, target["Arn"], body_of(target, event), dead_letter)
    except ValueError:
        if not dead_letter:
            raise
        return Delivery(rule, dead_letter, event)


def emit(account: str, region: str, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
    """Puts an event of an AWS service on the default bus."""
    event: Any = {
        **_BASE_EVENT_MESSAGE,
        "source": source,
        "detail-type": detail_type,
        "account": account,
        "region": region,
        "time": time.time(),
        "resources": [],
        "detail": detail,
    }
    for rule in list(events_backends[account][region].event_buses["default"].rules.values()):
        rule.send_to_targets(event, transform_input=False)


# --- Glue

_start_by_moto: Any = FakeJob.start_job_run
_as_dict_by_moto: Any = FakeJobRun.as_dict
_ENDED = {"SUCCEEDED", "FAILED", "TIMEOUT", "ERROR", "STOPPED"}
_start_lock = threading.Lock()


def _start_job_run(self: Any, *arguments: Any, **named: Any) -> str:
    with _start_lock:  # otherwise two simultaneous starts could both find the job free
        if _machine.jobs.refusals:
            raise JsonRESTError(_machine.jobs.refusals.pop(0), "Refused, as Glue does when it is busy.")
        run_id: str = _start_by_moto(self, *arguments, **named)
        kept = next(candidate for candidate in self.job_runs if candidate.job_run_id == run_id)
        run = _machine.jobs.started(
            self.name, run_id, self.command["ScriptLocation"], kept.arguments or {}, float(kept.timeout or 480)
        )
        kept.local = run
    threading.Thread(target=_complete, args=(self, kept, run), daemon=True).start()
    return run_id


def _complete(job: Any, kept: Any, run: JobRun) -> None:
    _machine.jobs.complete(run)
    kept.completed_on = kept.modified_on = datetime.now(UTC).replace(tzinfo=None)
    _keep_log(job, run)
    detail = {
        "jobName": job.name,
        "severity": "INFO" if run.state == "SUCCEEDED" else "ERROR",
        "state": run.state,
        "jobRunId": run.run_id,
        "message": run.message or "Job run succeeded",
    }
    emit(job.backend.account_id, job.backend.region_name, "aws.glue", "Glue Job State Change", detail)
    run.is_reported = True


def _keep_log(job: Any, run: JobRun) -> None:
    """Write the driver's output as events into the log group that the job's arguments name."""
    if not run.log.is_file():
        return
    group = f"{run.arguments.get('--custom-logGroup-prefix', '/aws-glue/jobs')}/output"
    lines = run.log.read_text(encoding="utf-8", errors="replace").splitlines()
    now = round(time.time() * 1000)
    logs = logs_backends[job.backend.account_id][job.backend.region_name]
    logs.ensure_log_group(group)
    logs.create_log_stream(group, run.run_id)
    logs.put_log_events(group, run.run_id, [{"timestamp": now, "message": line} for line in lines if line])


def _job_run_state(self: Any) -> str:
    run: JobRun | None = getattr(self, "local", None)
    return run.state if run else "STARTING"


def _job_run_as_dict(self: Any) -> dict[str, Any]:
    answer: dict[str, Any] = _as_dict_by_moto(self)
    run: JobRun = self.local
    answer |= {"GlueVersion": "5.1", "ExecutionTime": round(run.seconds)}
    if run.message:
        answer["ErrorMessage"] = run.message
    if run.state not in _ENDED:
        del answer["CompletedOn"]
    return answer


# --- Step Functions


def _wait_for_job(
    self: Any,
    env: Any,
    resource_runtime_part: Any,
    normalised_parameters: Any,
    state_credentials: Any,
) -> None:
    """Like moto's own method, but without the callback. Glue has no callback, and moto 5.2.5 fails without one."""
    self.timeout.eval(env=env)
    timeout_seconds = env.stack.pop()
    resolver = self._build_sync_resolver(
        env=env,
        resource_runtime_part=resource_runtime_part,
        normalised_parameters=normalised_parameters,
        state_credentials=state_credentials,
    )
    outcome = self._eval_sync(
        env=env,
        sync_resolver=resolver,
        timeout_seconds=timeout_seconds,
        callback_endpoint=None,
        heartbeat_endpoint=None,
    )
    env.stack.append(outcome)


@functools.cache
def _client(region: str, service: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://127.0.0.1:{moto_server_port()}",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106  # opens nothing
        # Like moto's own client: a state machine may pass parameters that botocore does not know, and its own Retry
        # repeats failed calls.
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}, max_pool_connections=50),
    )


_client_lock = threading.Lock()


def _client_for(region: str, service: str, state_credentials: object = None) -> Any:  # noqa: ARG001  # as in moto
    """One client for all executions: creating a client takes longer than a hundred calls."""
    with _client_lock:
        return _client(region, service)


_tree_lock = threading.Lock()


@functools.cache
def _tree(definition: str) -> Any:
    _, tree = _parse_by_moto(definition)
    return tree


def _parse(definition: str) -> tuple[Any, Any]:
    """Parse each definition once, because parsing takes long. Each execution gets its own program from the tree."""
    with _tree_lock:
        tree = _tree(definition)
    return Preprocessor().visit(tree), tree


_parse_by_moto: Any = AmazonStateLanguageParser.parse


def _answer(content: Mapping[str, Any]) -> Callable[[Any], str]:
    """A call that always returns this content as JSON."""
    return lambda _: json.dumps(content)


# --- Budgets


def _describe_subscribers(self: Any) -> str:
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    asked = self._get_param("Notification")
    notification = next(candidate for candidate in budget.notifications if candidate.details.items() >= asked.items())
    return json.dumps({"Subscribers": notification.subscribers})


# --- S3

_permission_by_moto: Any = FakeBucket.get_permission
_headers_by_moto: Any = FakeKey.response_dict
_TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}


def _get_permission(self: Any, action: str, resource: str) -> Any:
    """Drop the statement that denies requests without TLS: moto ignores conditions, so it would deny everything."""
    if self.policy is None:
        return _permission_by_moto(self, action, resource)
    document = json.loads(self.policy)
    document["Statement"] = [
        statement for statement in document["Statement"] if statement.get("Condition") != _TLS_ONLY
    ]
    bucket: Any = FakeBucket.__new__(FakeBucket)
    bucket.policy = json.dumps(document).encode() if document["Statement"] else None
    return _permission_by_moto(bucket, action, resource)


def _response_dict(self: Any) -> dict[str, Any]:
    """Hide the KMS key id from Hadoop: its SDK takes it for a customer-provided key and refuses to copy over HTTP."""
    headers: dict[str, Any] = _headers_by_moto.fget(self)
    if has_request_context() and request.headers.get("User-Agent", "").startswith("Hadoop"):
        headers.pop("x-amz-server-side-encryption-aws-kms-key-id", None)
    return headers


# --- All of it

_VERSION = "5.2.5"
_REPLACED: Mapping[tuple[Any, str], Any] = {
    (LambdaFunction, "_invoke_lambda"): _invoke_lambda,
    (Rule, "send_to_targets"): _send_to_targets,
    (FakeJob, "start_job_run"): _start_job_run,
    (FakeJob, "get_job_runs"): lambda job: list(reversed(job.job_runs)),
    (FakeJobRun, "as_dict"): _job_run_as_dict,
    (FakeJobRun, "advance"): lambda _: None,
    (FakeJobRun, "status"): property(_job_run_state, lambda *_: None),
    (StateTaskServiceGlue, "_eval_integration_pattern"): _wait_for_job,
    (AmazonStateLanguageParser, "parse"): staticmethod(_parse),
    (state_task_service_aws_sdk, "boto_client_for"): _client_for,
    (state_task_service_glue, "boto_client_for"): _client_for,
    (state_task_service_sns, "boto_client_for"): _client_for,
    (FakeBucket, "get_permission"): _get_permission,
    (FakeKey, "response_dict"): property(_response_dict),
}
_ADDED: Mapping[tuple[Any, str], Any] = {
    (StepFunctionResponse, "validate_state_machine_definition"): _answer(
        {"result": "OK", "diagnostics": [], "truncated": False}
    ),
    (StepFunctionResponse, "list_state_machine_versions"): _answer({"stateMachineVersions": []}),
    (CloudWatchResponse, "put_composite_alarm"): CloudWatchResponse.put_metric_alarm,  # which takes its rule
    (BudgetsResponse, "describe_subscribers_for_notification"): _describe_subscribers,
    (BudgetsResponse, "list_tags_for_resource"): _answer({"ResourceTags": []}),
}
_USED = (
    (LambdaFunction, "save_logs"),
    (StateTaskServiceGlue, "_eval_sync"),
    (StateTaskServiceGlue, "_build_sync_resolver"),
)

# Another version of moto fails here instead of in a test that hangs. Check every override before changing the version.
_unknown = [f"{owner.__name__}.{name}" for owner, name in (*_REPLACED, *_USED) if not hasattr(owner, name)]
_unknown += [f"{owner.__name__}.{name}" for owner, name in _ADDED if hasattr(owner, name)]
if moto.__version__ != _VERSION or _unknown:
    _message = (
        f"moto {moto.__version__} is not {_VERSION}, for which this was written: {', '.join(_unknown) or 'check all'}."
    )
    raise ImportError(_message)


def install(machine: Machine) -> None:
    """Patch moto in this process permanently. From now on `machine` runs functions and jobs and delivers events."""
    global _machine  # noqa: PLW0603  # moto's classes are as global
    _machine = machine
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    for (owner, name), replacement in {**_REPLACED, **_ADDED}.items():
        setattr(owner, name, replacement)
