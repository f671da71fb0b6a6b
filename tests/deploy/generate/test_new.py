"""`make new-table` and `make new-column` make a table and a column that pass every check at once."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from deploy.commands import CommandError
from deploy.generate.new import new_column, new_table
from shared.contract import Type
from tests.glue_jobs.documents import album, as_bytes, page_body, song
from tests.waiting import finished

ROOT = Path(__file__).parents[3]
DROPPED = "lake/raw/pending/drop/at=20261120T100000Z/page.json"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's files."""
    copy = tmp_path / "project"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    return copy


def in_project(project: Path, *command: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(project)}
    done = finished([*command], cwd=project, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.jvm
def test_a_new_table_and_a_new_column_pass_the_checks_and_the_job_fills_them(project: Path) -> None:
    python, ruff = sys.executable, str(Path(sys.executable).with_name("ruff"))
    new = (python, "-m", "deploy.generate.new")
    table = ("--name=song_markets", "--key=song_id,market", "--source=item.available_markets[]")
    column = ("--table=albums", "--name=label", "--source=item.album.label")

    assert in_project(project, *new, "table", *table).splitlines()[:-1] == [
        "shared/tables/song_markets.py",
        "glue_jobs/transforms/song_markets.py",
        "tests/glue_jobs/transforms/test_song_markets.py",
        "deploy/snowflake/bi/R__4_bi_08_song_markets.sql",
    ]
    assert in_project(project, *new, "column", *column).splitlines()[:-1] == [
        "shared/tables/albums.py",
        "glue_jobs/transforms/albums.py",
        "deploy/snowflake/bi/R__4_bi_02_albums.sql",
        "tests/glue_jobs/transforms/test_albums.py",
    ]

    in_project(project, ruff, "check", "--quiet", "--fix", ".")
    in_project(project, ruff, "format", "--quiet", ".")
    in_project(project, python, "-m", "deploy.generate")
    in_project(project, ruff, "check", "--quiet", ".")
    in_project(project, python, "-m", "deploy.generate", "--check")
    in_project(project, python, "-m", "mypy")
    tests = ("tests/glue_jobs/transforms/test_song_markets.py", "tests/glue_jobs/transforms/test_albums.py")
    in_project(project, python, "-m", "pytest", "-q", *tests, "tests/glue_jobs/transforms/test_contracts.py")

    dropped = project / DROPPED
    dropped.parent.mkdir(parents=True)
    described = album(
        "al1", album_type="album", total_tracks=1, release_date="2026", release_date_precision="year", uri="", label="x"
    )
    facts = {"duration_ms": 1, "explicit": False, "track_number": 1, "disc_number": 1, "uri": "u"}
    dropped.write_bytes(as_bytes(page_body(song("s1", available_markets=["NO", "SE", "NO"], album=described, **facts))))
    os.utime(dropped, (0, 0))
    in_project(project, python, "-m", "glue_jobs.explode_playlists", "--lake", str(project / "lake"))

    def published(name: str, *columns: str) -> list[tuple[object, ...]]:
        [file] = (project / "lake/processed" / name).rglob("*.parquet")
        return sorted(tuple(row[each] for each in columns) for row in pq.ParquetFile(file).read().to_pylist())

    assert published("song_markets", "song_id", "market") == [("s1", "NO"), ("s1", "SE")]
    assert published("albums", "album_id", "label") == [("al1", "x")]


def test_the_examples_of_contributing_are_what_the_commands_write(project: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    commands = [shlex.split(command_line) for command_line in re.findall(r"`make (new-\w+ [^`]+)`", text)]
    for command in commands:
        arguments = dict(part.split("=", 1) for part in command[1:])
        if command[0] == "new-table":
            new_table(arguments["NAME"], arguments["KEY"].split(","), arguments["SOURCE"], project)
        else:
            names = (arguments["TABLE"], arguments["NAME"], arguments["SOURCE"])
            new_column(*names, Type.STRING, arguments["DOC"], project)

    added: dict[str, list[str]] = {}
    for example in re.findall(r"^```diff\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in example.splitlines():
            if match := re.fullmatch(r"(?:---|\+\+\+) (\w+/.*)", line):
                file = match[1]
            elif line.startswith("+"):
                added.setdefault(file, []).append(line[1:].strip())
    assert [command[0] for command in commands] == ["new-column", "new-table"]
    assert sum(map(len, added.values())) > 15
    for file, lines in added.items():
        written = [line.strip() for line in (project / file).read_text(encoding="utf-8").splitlines()]
        assert [line for line in lines if line not in written] == [], file


@pytest.mark.parametrize(
    ("name", "key", "source", "reason"),
    [
        ("songs", "song_id,market", "item.available_markets[]", "the table songs exists"),
        ("Song Markets", "song_id,market", "item.available_markets[]", "NAME=Song Markets is no name"),
        ("markets", "song_id", "item.available_markets[]", "KEY=song_id must be an id and a name"),
        ("markets", "playlist_id,market", "item.available_markets[]", "the id is one of song_id, album_id, episode_id"),
        ("markets", "song_id,market", "item.available_markets", "SOURCE=item.available_markets must name one list"),
        ("markets", "song_id,market", "item; drop", "SOURCE=item; drop is not a JSON path"),
        ("list", "song_id,market", "item.available_markets[]", "NAME=list is a keyword or built-in of Python"),
        ("class", "song_id,market", "item.available_markets[]", "NAME=class is a keyword or built-in of Python"),
        ("totals", "song_id,market", "item.available_markets[]", "there is a view totals: deploy/snowflake/bi/"),
        ("playlists", "song_id,market", "item.available_markets[]", "there is a view playlists: deploy/snowflake/"),
        ("stays", "song_id,market", "item.available_markets[]", "there is a view stays: deploy/athena/views/stays.sql"),
        ("markets", "song_id,song_id", "item.available_markets[]", "the table has a column song_id"),
        ("markets", "song_id,batch_id", "item.available_markets[]", "the table has a column batch_id"),
        ("markets", "song_id,order", "item.available_markets[]", "KEY=order is a reserved word of SQL"),
        ("markets", "album_id,market", "item.available_markets[]", "must be a list in the object of album_id"),
        ("words", "song_id,word", "item.artists[]", r"SOURCE=item.artists\[\]: .*cannot be reconciled"),
        ("images", "album_id,image", "item.album.images[].height[]", "must name one list of an item"),
        ("numbers", "song_id,number", "item.track_number[]", r"item.track_number\[\]: .*cannot be reconciled"),
    ],
)
def test_an_impossible_table_is_one_sentence_and_no_file(
    tmp_path: Path, name: str, key: str, source: str, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        new_table(name, key.split(","), source, tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "name", "source", "reason"),
    [
        ("tracks", "label", "item.album.label", "there is no table tracks; there are songs, albums"),
        ("albums", "name", "item.album.name", "albums has a column name"),
        ("song_artists", "name", "item.artists[].name", "TABLE=song_artists does not have one row per item"),
        ("albums", "genres", "item.album.genres[]", r"use \[0\] or \[#\] for a list"),
        ("albums", "batch_id", "item.album.label", "albums has a column batch_id"),
        ("albums", "ingest_date", "item.album.label", "albums has a column ingest_date"),
        ("albums", "file_name", "item.album.label", "albums has a column file_name"),
        ("albums", "order", "item.album.label", "NAME=order is a reserved word of SQL: choose another name"),
        ("albums", "sample", "item.album.label", "NAME=sample is a reserved word of SQL: choose another name"),
        ("songs", "album", "item.album", "SOURCE=item.album: .*cannot be reconciled"),
        ("songs", "length", "item.duration_ms", "SOURCE=item.duration_ms is INT in column duration_ms: set TYPE=INT"),
        ("songs", "deep", "item.name.first", "SOURCE=item.name.first: .*cannot be reconciled"),
        (
            "song_popularity",
            "isrc",
            "item.external_ids.isrc",
            "not written as expected; nothing was changed|no view of",
        ),
    ],
)
def test_an_impossible_column_is_one_sentence(table: str, name: str, source: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        new_column(table, name, source, Type.STRING, "", ROOT)


@pytest.mark.parametrize(
    ("doc", "reason"),
    [
        ("two\nlines", "DOC is one line of text without braces"),
        ("{{ database }}", "DOC is one line of text without braces"),
        ("null " + "x" * 251, "DOC has 256 characters: AWS's catalogue allows 255"),
    ],
)
def test_a_meaning_that_cannot_be_is_one_sentence(doc: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        new_column("albums", "label", "item.album.label", Type.STRING, doc, ROOT)


def test_a_meaning_may_have_quotes_and_says_what_null_means(project: Path) -> None:
    doc = """the label's "name" \\ imprint"""

    changed = new_column("albums", "label", "item.album.label", Type.STRING, doc, project)

    contract, _, view, _ = [file.read_text(encoding="utf-8") for file in changed]
    namespace: dict[str, Any] = {}
    exec(contract, namespace)  # noqa: S102  # the contract that was just written
    assert namespace["ALBUMS"].columns[-1].doc == f"{doc}; null if not given"
    assert """    LABEL comment 'the label''s "name" \\ imprint; null if not given',\n""" in view
