"""Parses each DAX expression of the JSON on standard input; prints the names of those that are refused."""

import json
import sys

from pbi_parsers import dax


def is_refused(expression: str) -> bool:
    try:
        return dax.to_ast(expression) is None
    except Exception:  # noqa: BLE001  # the parser raises assertions and errors of its own
        return True


sys.stdout.write(json.dumps([name for name, text in json.load(sys.stdin).items() if is_refused(text)]))
