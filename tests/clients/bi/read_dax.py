"""Parses each DAX expression of the JSON on standard input; prints the names of those that are refused."""

import json
import sys

from pbi_parsers import dax


def is_refused(expression):
    try:
        return dax.to_ast(expression) is None
    except Exception:  # the parser raises assertions and errors of its own
        return True


print(json.dumps([name for name, text in json.load(sys.stdin).items() if is_refused(text)]))
