"""Lists the libraries of the Lambda's zip as a CycloneDX document: `make sbom` makes dist/extract_lambda.cdx.json."""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.aws.build import LOCK
from shared.terminal import printable, set_up_output

_LOCKED = re.compile(r"^([a-z0-9-]+)==(\S+) \\\n +--hash=sha256:([0-9a-f]{64})$", re.MULTILINE)


def locked() -> list[tuple[str, str, str]]:
    """Name, version and SHA-256 of each library in the zip."""
    return _LOCKED.findall(LOCK.read_text(encoding="utf-8"))


def sbom() -> dict[str, Any]:
    """The CycloneDX document; it depends on the lock file only."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "extract_lambda"}},
        "components": [
            {
                "type": "library",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
            for name, version, digest in locked()
        ],
    }


def main(argv: Sequence[str]) -> int:
    """Write the document and print its path. Returns the exit code."""
    set_up_output()
    parser = argparse.ArgumentParser(prog="python -m deploy.aws.sbom", description=__doc__)
    parser.add_argument("target", type=Path, help="file to write, such as dist/sbom.json")
    target = parser.parse_args(argv).target
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(sbom(), indent=1) + "\n", encoding="utf-8")
    print(printable(str(target)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
