"""`make notebook`: runs docs/explore.ipynb over the lake and warehouse of a folder; writes explore.html into it."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.commands import CommandError, Parser, folder, run_command
from deploy.local.steps import Steps, must_be_writable, plain_errors
from deploy.snowflake.landing import DATABASE
from shared.terminal import printable

_ROOT = Path(__file__).parents[2]
NOTEBOOK = "docs/explore.ipynb"
# The page loads no script from elsewhere.
_OPTIONS = (
    *("--log-level", "WARN", "--to", "html", "--execute"),
    *("--HTMLExporter.mathjax_url=", "--HTMLExporter.require_js_url=", "--HTMLExporter.jquery_url="),
)


def run_notebook(out: Path) -> Path:
    """Run the notebook; returns the page's path. Raises CommandError if a cell fails."""
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "nbconvert", *_OPTIONS, f"--output-dir={out}", NOTEBOOK],
        cwd=_ROOT,
        env=os.environ | {"OUT": str(out)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise CommandError(f"{NOTEBOOK} stopped: {printable(lines[-1])}")
    return out / "explore.html"


def _must_have_a_warehouse(out: Path) -> None:
    if not (out / "lake").is_dir() or not (out / "warehouse" / f"{DATABASE}.db").is_file():
        raise CommandError(
            f"{out} has no lake with a warehouse: `make demo` makes both from made-up playlists, `make run` from "
            "yours; OUT=folder names another folder"
        )
    must_be_writable(out)


def main(argv: Sequence[str]) -> int:
    """The exit status; prints where the page is and how to work in the notebook."""
    parser = Parser(prog="python -m deploy.local.notebook", description=__doc__)
    parser.add_argument("--out", type=folder, default=Path("out/demo"), help="folder of the lake and the warehouse")
    out = parser.parse_args(argv).out
    with plain_errors(out.resolve()):
        _must_have_a_warehouse(out.resolve())
        page = Steps(1).run("The notebook, about half a minute", lambda: run_notebook(out.resolve()))
    print(f"{page}: open it in a browser. To work in it:")
    lab = f"OUT={shlex.quote(str(out))} .venv/bin/jupyter lab {NOTEBOOK}"
    print(f"  .venv/bin/pip install jupyterlab && {lab}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command("notebook", main, sys.argv[1:]))
