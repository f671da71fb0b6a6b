"""The whole chain on one machine, one step at a time: the Lambda's code, the Glue job and the warehouse.

The extractor and the job run as separate processes, as on AWS. This module only starts them.
"""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from deploy.commands import CommandError
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from shared.store import open_store

ROOT = Path(__file__).parents[2]
_SECONDS_TO_END = 20


class StepError(CommandError):
    """A step of the chain failed; it printed the reason itself."""


@dataclass(frozen=True)
class Chain:
    """Where lake and warehouse are, and the environment of the extractor.

    With a `log`, the programs' messages go to that file instead of the terminal; `note` is called with each message.
    """

    lake: str
    warehouse: Path
    environment: Mapping[str, str]
    log: Path | None = None
    note: Callable[[str], None] = lambda _line: None

    def extract(self, at: str | None = None) -> dict[str, Any]:
        """Run the extractor once; returns its result, with every failed playlist. Raises StepError if all failed."""
        arguments = ["--at", at] if at else []
        return self._program(["-m", "extract_lambda", *arguments])

    def explode(self) -> dict[str, Any]:
        """Run the Glue job once over the pending objects; returns its summary. Raises StepError."""
        return self._program([str(ROOT / "glue_jobs" / "explode_playlists.py"), "--lake", self.lake])

    def load(self) -> Counter[str]:
        """Deploy the warehouse's SQL and load each new published file by its pipe; returns the files per outcome.

        Raises StepError if a pipe refused a file: then the job and the pipe disagree about a table.
        """
        with EmbeddedSnowflake(self.warehouse, open_store(self.lake)) as warehouse:
            warehouse.deploy()
            loads = warehouse.load_new()
        failed = [load for load in loads if load.status is LoadStatus.FAILED]
        if failed:
            raise StepError(f"{len(failed)} files were refused; the first: {failed[0].file_name}: {failed[0].error}")
        return Counter(load.status.value for load in loads)

    def _program(self, arguments: list[str]) -> dict[str, Any]:
        """Run a program of the suite; returns its result, the last line of its standard output. Raises StepError."""
        program = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | self.environment | {"LAKE_URI": self.lake},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if self.log else None,
            text=True,
        )
        messages: list[str] = []
        reader = threading.Thread(target=self._keep, args=(program.stderr, messages), daemon=True)
        try:
            if self.log:
                reader.start()
            output = program.stdout.read() if program.stdout else ""
            program.wait()
        except KeyboardInterrupt:
            # Ctrl-C reached the program, too, and it needs time to end; subprocess.run would kill it after 0.25 s.
            try:
                program.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                program.kill()
            raise
        if self.log:
            reader.join(_SECONDS_TO_END)
        if program.returncode != 0:
            where = (
                f"; {self.log} has all of its messages; the last is: {messages[-1]}" if self.log and messages else ""
            )
            raise StepError(f"{' '.join(arguments[:2])} ended with status {program.returncode}{where}")
        result: dict[str, Any] = json.loads(output.splitlines()[-1])
        return result

    def _keep(self, stream: IO[str], messages: list[str]) -> None:
        """Write what the program prints into the log."""
        if self.log is None:
            return
        with self.log.open("a", encoding="utf-8") as log:
            for line in stream:
                log.write(line)
                messages.append(line.strip())
                self.note(line.strip())
