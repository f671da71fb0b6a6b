"""The whole chain on one machine, each part as it runs in production: Lambda, job, warehouse; one step at a time.

The extractor and the job run in processes of their own, as on AWS. Nothing here does their work for them.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from shared.store import open_store

ROOT = Path(__file__).parents[2]
_SECONDS_TO_END = 20


class StepError(Exception):
    """A step of the chain failed; it has said why on its way."""


@dataclass(frozen=True)
class Chain:
    """Where the lake and the warehouse lie, and the environment of the extractor."""

    lake: str
    warehouse: Path
    environment: Mapping[str, str]

    def extract(self, at: str | None = None) -> dict[str, Any]:
        """One run of the Lambda's handler; its result. Every playlist that fails is in it; StepError if all did."""
        arguments = ["--at", at] if at else []
        return self._program(["-m", "extract_lambda", *arguments])

    def explode(self) -> dict[str, Any]:
        """One run of the Glue job over what is pending; its summary."""
        return self._program([str(ROOT / "glue_jobs" / "explode_playlists.py"), "--lake", self.lake])

    def load(self) -> Counter[str]:
        """Deploys the warehouse's SQL and offers each new published file to its pipe; files per outcome.

        Raises StepError when a file was refused: the job and the pipes then disagree about a table.
        """
        with EmbeddedSnowflake(self.warehouse, open_store(self.lake)) as warehouse:
            warehouse.deploy()
            loads = warehouse.load_new()
        failed = [load for load in loads if load.status is LoadStatus.FAILED]
        if failed:
            raise StepError(f"{len(failed)} files were refused; the first: {failed[0].file_name}: {failed[0].error}")
        return Counter(load.status.value for load in loads)

    def _program(self, arguments: list[str]) -> dict[str, Any]:
        """Runs one of the suite's programs: what it tells people goes through, its last line is its result."""
        program = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | self.environment | {"LAKE_URI": self.lake},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            said, _ = program.communicate()
        except KeyboardInterrupt:
            # Ctrl-C reached the program too, and it ends in order; subprocess.run would kill it after a quarter second.
            try:
                program.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                program.kill()
            raise
        if program.returncode != 0:
            raise StepError(f"{' '.join(arguments[:2])} ended with status {program.returncode}")
        result: dict[str, Any] = json.loads(said.splitlines()[-1])
        return result
