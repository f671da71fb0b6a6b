"""Runs Lambda functions: each invocation runs the function's zip in a new process, with its environment and timeout."""

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
# Libraries of Lambda's Python runtime. The function's zip has its own urllib3, which is found first, as on AWS.
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
    """The handler's result, or an error in Lambda's format, and the log."""

    payload: Any
    is_error: bool
    log: str


class FunctionRunner:
    """Runs functions, with files in `folder`. `environment` overrides the functions' own variables."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._folder = folder
        self._lock = threading.Lock()

    def invoke(self, function: Function, event: object) -> Answer:
        """Run the handler once."""
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
        """The folder with the zip's content.

        The zip's compiled modules are for Python 3.13 on arm64. On other machines Python ignores them and imports the
        pure Python modules next to them.
        """
        folder = self._folder / f"code-{hashlib.sha256(code).hexdigest()[:16]}"
        with self._lock:
            if not folder.is_dir():
                zipfile.ZipFile(io.BytesIO(code)).extractall(folder)
        return folder

    def _runtime(self) -> Path:
        """A folder with links to boto3 and the libraries that it needs, from this Python environment."""
        folder = self._folder / "runtime"
        with self._lock:
            if not folder.is_dir():
                folder.mkdir()
                for name in _RUNTIME:
                    spec = importlib.util.find_spec(name)
                    assert spec, name  # noqa: S101  # boto3 is installed and depends on them
                    assert spec.origin, name  # noqa: S101  # each is a file or a package
                    origin = Path(spec.origin)
                    module = origin.parent if origin.name == "__init__.py" else origin
                    (folder / module.name).symlink_to(module)
        return folder
