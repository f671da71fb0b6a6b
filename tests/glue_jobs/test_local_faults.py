"""A fault of the machine does not count against the raw objects: the run ends with one sentence."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from deploy.aws.build import glue_jobs_zip
from glue_jobs.explode_playlists import run
from glue_jobs.java import RuntimeProblemError
from shared.store import StoreError, open_store
from tests.glue_jobs.accounts import names, table
from tests.glue_jobs.test_explode_playlists import NOON, drop, parse_arguments
from tests.waiting import finished

ROOT = Path(__file__).parents[2]
JOB = str(ROOT / "glue_jobs" / "explode_playlists.py")
EVERY_CHARACTER = "x [2024] {a} *b* ?c \\d #e %20f +g \N{LATIN SMALL LETTER A WITH DIAERESIS} i:j 'k' &l"
DROPPED = "raw/pending/drop/at=20261120T100000Z/many_artists-page.json"
ARCHIVED = "raw/processed/00000000000000000001/drop/at=20261120T100000Z/many_artists-page.json"


def in_c_locale() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in {"LANG", "LC_CTYPE"}} | {"LC_ALL": "C"}


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_folder_of_any_name_is_a_lake_in_any_locale(tmp_path: Path) -> None:
    lake = tmp_path / EVERY_CHARACTER
    drop(lake, "many_artists/page.json")

    done = finished([sys.executable, JOB, "--lake", str(lake)], cwd=ROOT, env=in_c_locale())

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert table(lake, "songs").num_rows == 6  # type: ignore[union-attr]
    assert names(lake, "raw") == [ARCHIVED]
    assert names(lake, "staging") == names(lake, "log/attempts") == []
    assert [path.name for path in tmp_path.iterdir()] == [EVERY_CHARACTER]  # nothing beside the lake


@pytest.mark.jvm
def test_under_spark_submit_a_path_that_the_locale_cannot_encode_is_one_sentence(
    tmp_path: Path,
) -> None:
    lake, elsewhere = tmp_path / "l\N{LATIN SMALL LETTER A WITH DIAERESIS}ke", tmp_path / "elsewhere"
    elsewhere.mkdir()
    glue_jobs_zip(elsewhere)
    shutil.copyfile(JOB, elsewhere / "explode_playlists.py")
    drop(lake, "many_artists/page.json")
    submit = [
        str(Path(sys.executable).with_name("spark-submit")),
        "--master",
        "local[1]",
        "--py-files",
        "glue_jobs.zip",
    ]

    link = elsewhere / "link"  # Java can pass on only names that its locale can encode: the link's, not the folder's
    link.symlink_to(lake)
    before = everything(tmp_path)
    for named in (lake, link):
        done = finished(
            [*submit, "--py-files", "glue_jobs.zip", str(elsewhere / "explode_playlists.py"), "--lake", str(named)],
            cwd=elsewhere,
            env=in_c_locale() | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"},
        )

        assert done.returncode == 1
        shown = done.stdout + done.stderr  # spark-submit prints its program's errors on stdout
        sentences = [line for line in shown.splitlines() if line.startswith("explode_playlists: ")]
        assert len(sentences) == 1, shown
        assert "set LC_ALL=C.UTF-8 and run again" in sentences[0]
        assert "Traceback" not in shown
        assert everything(tmp_path) - {f"{lake.name}/staging"} == before


class Disturbed:
    """A store that calls `act` once, while Spark writes the tables."""

    def __init__(self, lake: Path, act: Callable[[], object]) -> None:
        self._store = open_store(str(lake))
        self._act: Callable[[], object] | None = act

    def __getattr__(self, name: str) -> Any:
        """The store's operation."""
        return getattr(self._store, name)

    def list(self, prefix: str, **rest: Any) -> Any:
        """The store's listing, after `act`."""
        if prefix.endswith("/songs/") and self._act:
            act, self._act = self._act, None
            act()
        return self._store.list(prefix, **rest)


def explode(lake: Path, act: Callable[[], object]) -> None:
    arguments = ["--lake", str(lake)]
    store: Any = Disturbed(lake, act)
    run(parse_arguments(arguments), arguments, lambda: NOON, store)


def test_an_unexpected_error_counts_against_the_objects_if_the_machine_works(
    spark: SparkSession,
    tmp_path: Path,
) -> None:
    drop(tmp_path, "many_artists/page.json")

    def surprise() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        explode(tmp_path, surprise)

    assert len(names(tmp_path, "log/attempts")) == 1
    assert not [name for name in names(tmp_path, "staging") if "probe" in name]


def test_an_unexpected_error_does_not_count_if_the_lake_cannot_be_written_to(
    spark: SparkSession,
    tmp_path: Path,
) -> None:
    drop(tmp_path, "many_artists/page.json")

    def break_the_lake() -> None:
        shutil.rmtree(tmp_path / "staging")
        (tmp_path / "staging").touch()
        raise ZeroDivisionError

    with pytest.raises(StoreError, match="a part of the path is a file; move it out of the lake"):
        explode(tmp_path, break_the_lake)

    assert names(tmp_path, "log/attempts") == []
    assert names(tmp_path, "raw") == [DROPPED]


def test_a_folder_that_only_spark_cannot_write_to_does_not_count_either(
    spark: SparkSession,
    tmp_path: Path,
) -> None:
    drop(tmp_path, "many_artists/page.json")
    settings = spark.sparkContext._jsc.hadoopConfiguration()  # type: ignore[union-attr]
    settings.set("fs.file.impl", "org.apache.hadoop.fs.NoSuchFileSystem")
    settings.set("fs.file.impl.disable.cache", "true")
    try:
        with pytest.raises(
            RuntimeProblemError, match=f"^Spark cannot use the lake file://{tmp_path} .*: check the path"
        ):
            explode(tmp_path, lambda: None)
    finally:
        settings.unset("fs.file.impl")
        settings.unset("fs.file.impl.disable.cache")

    assert names(tmp_path, "log/attempts") == names(tmp_path, "staging") == []
