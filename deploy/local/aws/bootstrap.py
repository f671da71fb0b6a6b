"""Runs one invocation like the Lambda runtime, in a separate process. Imports nothing of the suite.

    python -I -S bootstrap.py TASK_ROOT RUNTIME HANDLER RESULT_FILE < event.json

Only the function's own zip, the runtime's boto3 and the standard library can be imported, as on AWS.
"""

import importlib
import json
import os
import sys
import time
import traceback
import uuid
from pathlib import Path
from typing import Any


class Context:
    """The second argument of a handler, with what AWS documents for Python."""

    function_version = "$LATEST"

    def __init__(self) -> None:
        self._ends_at = time.monotonic() + float(os.environ["LOCAL_TIMEOUT_SECONDS"])
        self.aws_request_id = str(uuid.uuid4())
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.invoked_function_arn = os.environ["LOCAL_FUNCTION_ARN"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = "local"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout; at least 0."""
        return max(0, round((self._ends_at - time.monotonic()) * 1000))


def main(task_root: str, runtime: str, handler: str, result_file: str) -> None:
    """Call the handler with the event on stdin. Writes {"result": ...} or {"error": ...} to the result file."""
    sys.path[:] = [task_root, runtime, *sys.path]
    module, _, name = handler.rpartition(".")
    answer: dict[str, Any]
    try:
        answer = {"result": getattr(importlib.import_module(module), name)(json.load(sys.stdin), Context())}
    except Exception as error:  # noqa: BLE001  # Lambda reports any exception as the answer
        traceback.print_exc()
        answer = {"error": {"errorMessage": str(error), "errorType": type(error).__name__}}
    Path(result_file).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
