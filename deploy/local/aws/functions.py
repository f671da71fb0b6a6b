"""Runs Lambda functions: the function's own zip, in a process of its own, with its environment and its timeout."""

import hashlib
import importlib.util
import io
import json
import os
import sys
import tempfile
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.aws.processes import Program

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
# What Lambda's Python runtime brings. urllib3 comes with the function's zip, which goes first on AWS too.
_RUNTIME = ("boto3", "botocore", "s3transfer", "dateutil", "six", "jmespath", "urllib3")


@dataclass(frozen=True)
class Function:
    """A deployed function; `timeout` in seconds, `memory` in MB."""

    name: str
    arn: str
    handler: str
    code: bytes
    environment: Mapping[str, str]
    timeout: float
    memory: int


@dataclass(frozen=True)
class Answer:
    """The handler's result, or an error as Lambda words it; and its log."""

    payload: Any
    is_error: bool
    log: str


class FunctionRunner:
    """`environment` is added to every function's own variables and takes precedence."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._folder = folder
        self._lock = threading.Lock()

    def invoke(self, function: Function, event: object) -> Answer:
        """Runs the handler once."""
        folder = Path(tempfile.mkdtemp(prefix="invocation-", dir=self._folder))
        result, log = folder / "result.json", folder / "log.txt"
        command = [sys.executable, "-I", "-S", str(_BOOTSTRAP), str(self._unpacked(function.code))]
        program = Program(
            [*command, str(self._runtime()), function.handler, str(result)],
            self._environment_of(function),
            folder,
            log,
            json.dumps(event).encode(),
        )
        status = program.wait(function.timeout)
        printed = log.read_text(encoding="utf-8", errors="replace")
        if status is None:
            message = f"Task timed out after {function.timeout:.2f} seconds"
            return Answer({"errorType": "Sandbox.Timedout", "errorMessage": message}, is_error=True, log=printed)
        if not result.is_file():
            message = f"Runtime exited with status {status}"
            return Answer({"errorType": "Runtime.ExitError", "errorMessage": message}, is_error=True, log=printed)
        answer = json.loads(result.read_text(encoding="utf-8"))
        return Answer(answer.get("error", answer.get("result")), is_error="error" in answer, log=printed)

    def _environment_of(self, function: Function) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "LOCAL_FUNCTION_ARN": function.arn,
            "LOCAL_TIMEOUT_SECONDS": str(function.timeout),
            **function.environment,
            **self.environment,
        }

    def _unpacked(self, code: bytes) -> Path:
        """The zip's content.

        It is made for Python 3.13 on arm64; elsewhere its compiled modules are replaced by the plain ones beside
        them, so that it runs on any machine.
        """
        folder = self._folder / f"code-{hashlib.sha256(code).hexdigest()[:16]}"
        with self._lock:
            if not folder.is_dir():
                zipfile.ZipFile(io.BytesIO(code)).extractall(folder)
        return folder

    def _runtime(self) -> Path:
        """A folder with boto3 and what it needs, of this environment."""
        folder = self._folder / "runtime"
        with self._lock:
            if not folder.is_dir():
                folder.mkdir()
                for name in _RUNTIME:
                    spec = importlib.util.find_spec(name)
                    assert spec, name  # noqa: S101  # boto3 is there, and needs them
                    assert spec.origin, name  # noqa: S101  # a module of a file
                    origin = Path(spec.origin)
                    module = origin.parent if origin.name == "__init__.py" else origin
                    (folder / module.name).symlink_to(module)
        return folder
