"""The uploaded zips: every library is listed with its hash, and neither tree nor zips hold a secret."""

import re
import subprocess
import zipfile
from pathlib import Path

from deploy.aws.build import LOCK, extract_lambda_zip, glue_jobs_zip
from deploy.aws.sbom import sbom

ROOT = Path(__file__).parents[3]
# Keys of AWS and other clouds, private keys, Spotify's refresh tokens.
SECRETS = re.compile(
    rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    rb"|-----BEGIN (?:RSA |EC |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\n[0-9A-Za-z+/=\n]{100,}"
    rb"|\bgh[pousr]_[0-9A-Za-z]{36}\b|\bxox[abpr]-[0-9A-Za-z-]{20,}|\bAQ[A-D][0-9A-Za-z_-]{120,}"
)


def test_every_library_of_the_zip_is_locked_with_its_hash_and_no_other_is_in_it(tmp_path: Path) -> None:
    names = zipfile.ZipFile(extract_lambda_zip(tmp_path)).namelist()
    inside = {
        re.sub("[_.]", "-", match[1].lower())
        for name in names
        if (match := re.match(r"([^/]+)-[0-9][^/]*\.dist-info/METADATA$", name))
    }

    components = {component["name"]: component for component in sbom()["components"]}
    assert inside == components.keys()
    assert all(re.fullmatch("[0-9a-f]{64}", component["hashes"][0]["content"]) for component in components.values())
    assert components["spotipy"]["purl"] == "pkg:pypi/spotipy@2.26.0"


def test_the_lock_has_the_required_versions() -> None:
    asked = re.findall(
        r"^\S+==\S+", (ROOT / "extract_lambda" / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert [pin for pin in asked if f"\n{pin} " not in LOCK.read_text(encoding="utf-8")] == []
    assert len(asked) == 2


def test_the_scan_recognises_each_kind_of_secret() -> None:
    made_up = (
        b"AKIA" + b"Z" * 16,
        b"ghp_" + b"a" * 36,
        b"-----BEGIN PRIVATE KEY-----\n" + b"M" * 120,
        b"AQA" + b"x" * 130,
    )

    assert [text for text in made_up if not SECRETS.search(text)] == []


def test_neither_tree_nor_zips_hold_a_secret(tmp_path: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name]
    leaks = [str(path) for path in files if path.is_file() and SECRETS.search(path.read_bytes())]
    for made in (glue_jobs_zip(tmp_path), extract_lambda_zip(tmp_path)):
        with zipfile.ZipFile(made) as archive:
            leaks += [name for name in archive.namelist() if SECRETS.search(archive.read(name))]

    assert len(files) > 300
    assert leaks == []
