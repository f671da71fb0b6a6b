"""Shared by the commands for an account: common arguments, and the question before a change."""

import argparse
import sys
from pathlib import Path

from deploy.commands import CommandError, Parser, answers, not_done


def parser_of(description: str | None, *, changes: bool = False) -> argparse.ArgumentParser:
    """A parser with --env and --outputs, and with --yes if the command changes anything."""
    parser = Parser(description=description, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="dev", help="dev, prod, … (default: %(default)s)")
    parser.add_argument(
        "--outputs",
        type=Path,
        metavar="FILE",
        help="output of `terraform output -json` (default: from Terraform's state)",
    )
    if changes:
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    return parser


def confirm(*, yes: bool, place: str) -> None:
    """Return if the change is confirmed. Raises CommandError if it is declined, or without a terminal."""
    if yes:
        return
    if not sys.stdin.isatty() or not answers(f"Type yes to do this in {place}: ", "yes"):
        raise CommandError(not_done("changed", "--yes"))
