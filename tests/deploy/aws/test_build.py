"""The uploaded zips are small, reproducible and complete."""

import sys
import zipfile
from pathlib import Path

import pytest

from deploy.aws.build import extract_lambda_zip, glue_jobs_zip
from tests.waiting import finished

# Only the zip and the standard library: no package of this environment is importable.
IMPORT = """
import sys
sys.path[:] = [sys.argv[1], *(path for path in sys.path if "site-packages" not in path)]
import extract_lambda.handler
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def lambda_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extract_lambda_zip(tmp_path_factory.mktemp("dist"))


def test_the_lambdas_zip_is_small_and_reproducible(lambda_zip: Path, tmp_path: Path) -> None:
    assert lambda_zip.stat().st_size < 3_000_000
    assert extract_lambda_zip(tmp_path).read_bytes() == lambda_zip.read_bytes()


@pytest.mark.skipif(sys.version_info < (3, 11, 3), reason="redis needs async-timeout here; the zip is for 3.13")
def test_the_lambda_imports_from_its_zip_alone_and_without_spark(lambda_zip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", IMPORT, str(lambda_zip)]

    done = finished(command, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    (modules,) = done.stdout.splitlines()
    assert {"extract_lambda", "shared", "spotipy", "aws_lambda_powertools"} <= set(modules.split())
    assert not {"pyspark", "pandas", "numpy", "glue_jobs", "deploy", "boto3"} & set(modules.split())


def test_the_jobs_zip_holds_only_the_job(tmp_path: Path) -> None:
    made = glue_jobs_zip(tmp_path)

    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
    assert names == sorted(names)
    assert {name.partition("/")[0] for name in names} == {"glue_jobs", "shared"}
    assert "glue_jobs/transforms/songs.py" in names
    assert glue_jobs_zip(tmp_path / "again").read_bytes() == made.read_bytes()
