"""Progress lines, and the description of the machine."""

import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil  # type: ignore[import-untyped, unused-ignore]
import pyspark


def circumstances(arguments: str) -> str:
    """The date, the command and the machine, as a sentence. Call it before measuring, because it includes the load."""
    load = os.getloadavg()[0]
    versions = (
        f"Python {platform.python_version()}, Spark {pyspark.__version__}, Java {_java()}, DuckDB {duckdb.__version__}"
    )
    memory = psutil.virtual_memory().total / 2**30
    return (
        f'{datetime.now(UTC):%Y-%m-%d}, `make bench BENCH="{arguments}"`, {platform.system()} '
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f} before it began. {versions}."
    )


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not java:
        return "from PyPI"
    version = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    return version.split('"')[1] if '"' in version else "unknown"


def say(sentence: str) -> None:
    """Print a line of progress to standard error."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201  # a program
