"""Makes the jars that Spark needs to run as on Glue, once per Python environment: `python -m deploy.local.aws.jars`.

There are two kinds: Hadoop's S3A with the parts of Amazon's SDK that it uses (14 of 193 MB), from PyPI; and a stub of
Glue's own Java classes, which AWS does not publish.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pyspark

from shared.terminal import printable, set_up_output

_HERE = Path(__file__).parent
_STUB = _HERE / "glue_stub"
_REQUIREMENT = _HERE / "jars.txt"
_HADOOP_AWS = "hadoop-aws-3.3.1.jar"
_SDK = "aws-java-sdk-bundle-1.11.901.jar"
# S3A loads classes of all of these services when it starts; of dynamodbv2 it needs only the exceptions.
_SERVICES = ("s3", "s3control", "securitytoken", "kms", "dynamodbv2")
_KEPT = (
    "mozilla/",
    "org/apache/",
    "META-INF/services/",
    "META-INF/LICENSE",
    "META-INF/NOTICE",
    *(f"com/amazonaws/services/{service}/" for service in _SERVICES),
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


class JarsError(Exception):
    """The jars could not be made; the message names what is missing."""


def jars() -> list[Path]:
    """The jars for Spark's class path, made on first use. Raises JarsError."""
    stub = _stub()  # first, because it fails fastest if something is missing
    return [*_s3a(), stub]


def _place(*sources: Path) -> Path:
    """A folder in this Python environment, named by a hash of these files."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in (Path(__file__), *sources)))
    return Path(sys.prefix) / "aws" / digest.hexdigest()[:16]


def _s3a() -> list[Path]:
    place = _place(_REQUIREMENT)
    made = [place / _HADOOP_AWS, place / "aws-sdk-s3.jar"]
    if not all(jar.is_file() for jar in made):
        with tempfile.TemporaryDirectory() as folder:
            archive = _downloaded(Path(folder))
            hadoop_aws, sdk = (_member(archive, name) for name in (_HADOOP_AWS, _SDK))
            _put(made[0], hadoop_aws)
            _put(made[1], _slim(sdk))
    return made


def _downloaded(folder: Path) -> Path:
    """The downloaded source distribution. pip checks its hash."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    _run([*command, "--no-deps", "--no-binary=:all:", "--dest", str(folder), "-r", str(_REQUIREMENT)], "pip")
    (archive,) = folder.glob("*.tar.gz")
    return archive


def _member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as content:
        for member in content:
            file = content.extractfile(member) if Path(member.name).name == name else None
            if file:
                return file.read()
    raise JarsError(f"{archive.name} has no {name}")


def _slim(bundle: bytes) -> bytes:
    """The SDK without the services that this project does not call."""
    slim = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as whole, zipfile.ZipFile(slim, "w") as part:
        for name in sorted(whole.namelist()):
            if _is_kept(name) and not name.endswith("/"):
                part.writestr(zipfile.ZipInfo(name, _EPOCH), whole.read(name), zipfile.ZIP_DEFLATED)
    return slim.getvalue()


def _is_kept(name: str) -> bool:
    is_core = name.startswith("com/amazonaws/") and not name.startswith("com/amazonaws/services/")
    return is_core or name.startswith(_KEPT)


def _stub() -> Path:
    sources = sorted(_STUB.rglob("*.java"))
    made = _place(*sources) / "glue-stub.jar"
    if not made.is_file():
        classpath = f"{Path(pyspark.__file__).parent}/jars/*"
        with tempfile.TemporaryDirectory() as folder:
            _run([_javac(), "-cp", classpath, "-d", folder, *map(str, sources)], "javac")
            jar = io.BytesIO()
            with zipfile.ZipFile(jar, "w") as archive:
                for path in sorted(Path(folder).rglob("*.class")):
                    archive.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH), path.read_bytes())
        _put(made, jar.getvalue())
    return made


def _javac() -> str:
    home = os.environ.get("JAVA_HOME")
    compiler = shutil.which("javac", path=f"{home}/bin") if home else shutil.which("javac")
    if compiler is None:
        raise JarsError("there is no javac: install a JDK 17 (a JRE has no compiler), or point JAVA_HOME at one")
    return compiler


def _run(command: Sequence[str], program: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own arguments
    if done.returncode != 0:
        last_line = done.stderr.strip().splitlines()[-1:] or ["it printed no reason"]
        raise JarsError(f"{program} failed: {last_line[0]}")


def _put(target: Path, data: bytes) -> None:
    """Write the file atomically: another process may write the same file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as unfinished:
        unfinished.write(data)
    Path(unfinished.name).replace(target)


def main() -> int:
    """Make the jars and print their paths. Returns the exit code."""
    set_up_output()
    try:
        for jar in jars():
            print(f"{jar}: {jar.stat().st_size:,} bytes")
    except (JarsError, OSError) as error:
        print(f"jars: {printable(str(error))}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
