"""Builds the zips for AWS: `python -m deploy.aws.build` makes dist/glue_jobs.zip and dist/extract_lambda.zip.

Builds are deterministic: the same files and versions give the same bytes, so a hash changes only with the content. The
Lambda's zip has the libraries that extract_lambda.lock lists with hashes, for Python 3.13 on arm64. boto3 comes with
the runtime.
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.terminal import printable, set_up_output

_ROOT = Path(__file__).parents[2]
LOCK = _ROOT / "deploy" / "aws" / "extract_lambda.lock"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_SUFFIXES = {".py", ".properties"}
_RUNTIME = ("--platform=manylinux2014_aarch64", "--implementation=cp", "--python-version=3.13", "--only-binary=:all:")
# pip writes these files, and nothing imports them. RECORD and similar files differ between installations.
_NOT_NEEDED = {"__pycache__", "bin", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}


class BuildError(Exception):
    """Something could not be built; the message says what to do."""


def glue_jobs_zip(dist: Path) -> Path:
    """The job's modules, for spark-submit's --py-files and Glue's --extra-py-files."""
    return _write_zip(dist / "glue_jobs.zip", [*_modules("glue_jobs"), *_modules("shared")])


def extract_lambda_zip(dist: Path) -> Path:
    """The Lambda with its libraries. Raises BuildError if they cannot be downloaded."""
    with tempfile.TemporaryDirectory() as folder:
        libraries = Path(folder)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        done = subprocess.run(  # noqa: S603  # pip, with arguments of our own
            [*command, *_RUNTIME, "--no-deps", "--require-hashes", "--target", str(libraries), "-r", str(LOCK)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            reason = done.stderr.strip().splitlines()[-1:] or ["pip failed"]
            raise BuildError(f"the Lambda's libraries could not be installed: {reason[0]}")
        files = [(path.relative_to(libraries).as_posix(), path) for path in _needed(libraries)]
        return _write_zip(dist / "extract_lambda.zip", [*files, *_modules("extract_lambda"), *_modules("shared")])


def _modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in (_ROOT / package).rglob("*"):
        if path.suffix in _SUFFIXES and path.is_file():
            yield path.relative_to(_ROOT).as_posix(), path


def _needed(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not _NOT_NEEDED.intersection(path.relative_to(folder).parts):
            yield path


def _write_zip(target: Path, files: Iterable[tuple[str, Path]]) -> Path:
    """Write the files under these names, sorted, all with the same time and mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return unfinished.replace(target)


def main(dist: Path = _ROOT / "dist") -> int:
    """Build both zips and print their sizes. Returns the exit code."""
    set_up_output()
    try:
        for made in (glue_jobs_zip(dist), extract_lambda_zip(dist)):
            print(f"{made}: {made.stat().st_size:,} bytes")
    except (BuildError, OSError) as error:
        print(f"build: {printable(str(error))}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
