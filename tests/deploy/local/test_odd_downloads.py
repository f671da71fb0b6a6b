"""Downloads of odd forms: each gives plays, or one sentence that quotes nothing from the download."""

import contextlib
import json
import os
import tempfile
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.commands import CommandError
from deploy.local.import_plays import as_text, import_package
from shared.store import ObjectStore, open_store
from tests.deploy.local.packages import MARK, as_folder, as_zip, now_row
from tests.deploy.local.test_package import OTHER_DATA, documents, import_file, plays


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "lake"), create=True)


ONE = [now_row("2026-01-01T10:00:00Z")]
NO_HISTORY = "the package has no listening history"


def zipped(**files: object) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return as_zip(Path(folder, "made.zip"), (2026, 11, 20), **files).read_bytes()


def with_password(data: bytes) -> bytes:
    """The ZIP with the bit set that marks its files as encrypted."""
    return data.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01").replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
    )


SENTENCES: dict[str, tuple[bytes, str]] = {
    "no ZIP": (b"%PDF-1.7 " + MARK.encode(), "FILE is neither a ZIP nor a folder"),
    "a history file alone": (json.dumps(ONE).encode(), "FILE is neither a ZIP nor a folder"),
    "an empty file": (b"", "FILE is neither a ZIP nor a folder"),
    "an empty ZIP": (zipped(), NO_HISTORY),
    "another ZIP": (zipped(letter=MARK.encode(), **OTHER_DATA), NO_HISTORY),
    "a ZIP in a ZIP": (zipped(inside=zipped(history=ONE)), "it contains ZIPs: unzip it and import each"),
    "files of no bytes": (zipped(a=b"", b=b""), NO_HISTORY),
    "a history of no rows": (zipped(a=[]), NO_HISTORY),
    "a ZIP that is cut off": (zipped(a=ONE)[:-30], "FILE is an incomplete ZIP"),
    "a ZIP with a changed byte": (zipped(a=ONE).replace(b"Tide", b"Tine", 1), "cut off or broken"),
    "a password": (with_password(zipped(a=ONE)), "FILE has a password"),
    "a web page for a history": (zipped(a=b'<html>"ms_played": ' + MARK.encode()), "cut off or damaged"),
    "a history nested too deeply": (zipped(a=b'[{"ms_played": ' + b"[" * 100_000), "cut off or damaged"),
    "a text that is not UTF-8": (zipped(a=b'[{"ms_played": "\xff\xfe"}]'), "cut off or damaged"),
}


@pytest.mark.parametrize(("data", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_what_is_no_download_gives_one_sentence(store: ObjectStore, tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "my_spotify_data.zip"
    path.write_bytes(data)

    with pytest.raises(CommandError, match=sentence) as raised:
        import_file(store, path)

    assert "\n" not in str(raised.value)
    assert MARK not in str(raised.value)
    assert documents(store) == {}


@pytest.mark.parametrize("name", ["absent.zip", "absent"])
def test_a_path_without_anything_gives_one_sentence(store: ObjectStore, tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="FILE is neither a ZIP nor a folder"):
        import_file(store, tmp_path / name)


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILE_BYTES", 4_000), ("MAX_BYTES", 9_000), ("MAX_FILES", 3)])
def test_a_zip_bomb_ends_at_the_limits(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(f"deploy.local.package.{limit}", value)
    size = 5_000 if limit == "MAX_FILE_BYTES" else 3_000
    package = as_zip(tmp_path / "p.zip", (2026, 11, 20), history=ONE, **{f"z{n}": b" " * size for n in range(5)})

    with pytest.raises(CommandError, match=r"has more than .*: name the folder of the history alone"):
        import_file(store, package)

    assert documents(store) == {}


def test_a_bomb_of_a_gigabyte_is_not_unpacked(store: ObjectStore, tmp_path: Path) -> None:
    package = tmp_path / "p.zip"
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.json", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))

    tracemalloc.start()
    with pytest.raises(CommandError, match="a file of the package has more than 256 MiB"):
        import_file(store, package)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 600 * 2**20


def test_paths_in_a_zip_lead_nowhere(store: ObjectStore, tmp_path: Path) -> None:
    package = tmp_path / "in" / "p.zip"
    package.parent.mkdir()
    with zipfile.ZipFile(package, "w") as archive:
        for number, name in enumerate(("../../evil.json", "/tmp/evil.json", "C:\\evil.json", "a/../../b.json", "x")):  # noqa: S108  # names in a ZIP
            archive.writestr(name, json.dumps([now_row(f"2026-01-0{number + 1}T10:00:00Z")]))

    import_file(store, package)

    assert len(plays(store)) == 5
    folders = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert folders == {"in", "lake"}


def test_two_files_of_one_name_in_a_zip_both_count(store: ObjectStore, tmp_path: Path) -> None:
    package = tmp_path / "p.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for day in (1, 2):
            with pytest.warns(UserWarning, match="Duplicate name") if day == 2 else contextlib.nullcontext():
                archive.writestr("same.json", json.dumps([now_row(f"2026-01-0{day}T10:00:00Z")]))

    import_file(store, package)

    assert [play["played_at"] for play in plays(store)] == ["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_history_in_any_encoding_of_unicode_has_its_plays(store: ObjectStore, tmp_path: Path, encoding: str) -> None:
    data = json.dumps([now_row("2026-01-01T10:00:00Z", master_metadata_track_name="Тихо 静か")], ensure_ascii=False)
    import_file(store, as_zip(tmp_path / "p.zip", (2026, 11, 20), any_name=data.encode(encoding)))

    assert [play["track_name"] for play in plays(store)] == ["Тихо 静か"]


def test_a_folder_with_spaces_links_and_other_files_has_its_plays(store: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "My Spotify Data (1)" / "Extended Streaming History"
    folder.mkdir(parents=True)
    (tmp_path / "outside.json").write_text(json.dumps([now_row("2025-01-01T10:00:00Z")]))
    (folder / "Streaming History 0.JSON.txt").write_text(json.dumps(ONE))
    (folder / "empty").touch()
    (folder / "link.json").symlink_to(tmp_path / "outside.json")
    (folder / "loop").symlink_to(folder.parent)

    imported = import_file(store, folder.parent)

    assert [play["played_at"] for play in plays(store)] == ["2026-01-01T10:00:00Z"]
    assert imported.left_out == {"files that are no JSON": 1}


def test_a_hundred_files_have_all_plays(store: ObjectStore, tmp_path: Path) -> None:
    files = {f"f{n}": [now_row(f"2026-01-01T10:{n // 60:02}:{n % 60:02}Z")] for n in range(100)}
    import_file(store, as_zip(tmp_path / "p.zip", (2026, 11, 20), **files))

    assert len(plays(store)) == 100
    assert len(documents(store)) == 100


def test_rows_without_a_field_or_with_an_odd_value_are_plays_or_counted(store: ObjectStore, tmp_path: Path) -> None:
    at = "2026-01-01T10:00:00Z"
    rows = [
        {"ts": at, "ms_played": 7},  # all other fields missing
        {"ts": at},  # no listening time
        {"ms_played": 7},  # no time
        now_row(at, ms_played=-1),
        now_row(at, ms_played="-1"),
        now_row(at, ms_played="7"),  # the job decides
        now_row("01.01.2026 10:00"),  # the job decides
    ]

    imported = import_file(store, as_zip(tmp_path / "p.zip", (2026, 11, 20), history=rows))

    assert imported.left_out == {"rows of another form": 2, "rows with a listening time below zero": 2}
    assert plays(store)[0] == {"played_at": at, "played_at_precision": "second", "ms_played": 7}
    assert [(play["played_at"], play["ms_played"]) for play in plays(store)[1:]] == [
        (at, "7"),
        ("01.01.2026 10:00", 201480),
    ]


def test_two_people_and_the_same_download_twice(store: ObjectStore, tmp_path: Path) -> None:
    package = as_zip(tmp_path / "p.zip", (2026, 11, 20), history=ONE)
    import_package(store, package, "me", frozenset())
    import_package(store, package, "you", frozenset())
    before = documents(store)
    import_package(store, package, "me", frozenset())

    assert sorted(before) == [
        "raw/pending/plays/me/20261120T120000Z-000.ndjson.gz",
        "raw/pending/plays/you/20261120T120000Z-000.ndjson.gz",
    ]
    assert documents(store) == before
    assert len({lines[1]["play_id"] for lines in before.values()}) == 2


def test_a_package_without_a_date_says_how_to_name_one(store: ObjectStore, tmp_path: Path) -> None:
    package = as_zip(tmp_path / "p.zip", (1980, 1, 1), history=ONE)
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.json"), json.dumps(ONE))

    assert "write PACKAGED=" in as_text(import_file(store, package))
    other = open_store(str(tmp_path / "other"), create=True)
    dated = import_package(other, package, "me", frozenset(), datetime(2026, 11, 20, tzinfo=UTC))
    assert "write PACKAGED=" not in as_text(dated)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_gives_one_sentence(store: ObjectStore, tmp_path: Path) -> None:
    folder = as_folder(tmp_path / "unzipped", 1_800_000_000, a=ONE)
    (folder / "a.json").chmod(0)

    with pytest.raises(CommandError, match="cannot be read: check its permissions"):
        import_file(store, folder)


def test_two_packages_in_one_folder_are_not_counted_twice(store: ObjectStore, tmp_path: Path) -> None:
    rows = [now_row(f"2026-01-01T10:{n // 60:02}:{n % 60:02}Z") for n in range(300)]
    both = as_folder(tmp_path / "both", 1_800_000_000, old=rows[:250], new=rows[100:])
    with pytest.raises(CommandError, match=r"^150 plays are in two files, as if there were two packages: import each"):
        import_file(store, both)
    assert documents(store) == {}

    few = as_folder(tmp_path / "few", 1_800_000_000, old=rows[:200], new=rows[101:])  # 99: may be chance

    assert import_file(store, few).plays["extended"] == 399
