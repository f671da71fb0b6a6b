"""Documents, comments and docstrings are written in plain English: these words and phrases do not come back."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = re.compile(
    r"\b(whoever|whosoever|anew|mend|mends|mended|nobody|giants?|told|looked (at|for)|looks (at|for)|by lot|lies"
    r"|what is there|stands (at|in|for|there|on)|as it stands|what stands|rooms of|arrows run|house rules)\b",
    re.IGNORECASE,
)
CODE = ("glue_jobs", "extract_lambda", "shared", "deploy")
DOCUMENTS = ("docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
GENERATED = ("deploy/generated/", "docs/bi-dictionary.md")
_QUOTED = re.compile(r"`[^`\n]*`")  # names and commands


def prose_of_python(text: str) -> Iterator[tuple[int, str]]:
    """Comments and docstrings with the number of their line."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from enumerate(node.value.value.splitlines(), node.lineno)


def prose_of_markdown(text: str) -> Iterator[tuple[int, str]]:
    """Lines outside of fenced blocks, which show what programs print."""
    is_fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        is_fence = line.lstrip().startswith("```")
        if not is_fence and not is_fenced:
            yield number, line
        is_fenced ^= is_fence


def prose_of_terraform(text: str) -> Iterator[tuple[int, str]]:
    """Comments and descriptions."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.search(r'(?:^|\s)#.*|\bdescription\s*=\s*".*"', line):
            yield number, match[0]


PROSE = {".py": prose_of_python, ".md": prose_of_markdown, ".tf": prose_of_terraform}


def violations(name: str, text: str) -> list[str]:
    """Forbidden words in a file's prose, each with file and line."""
    return [
        f"{name}:{number}: {match[0]}"
        for number, line in PROSE[Path(name).suffix](text)
        for match in FORBIDDEN.finditer(_QUOTED.sub("", line))
    ]


def test_no_forbidden_word_is_in_documents_comments_and_docstrings() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--", *CODE, *DOCUMENTS], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    names = [name for name in listed if Path(name).suffix in PROSE and not name.startswith(GENERATED)]

    assert len(names) > 200
    assert [found for name in names for found in violations(name, (ROOT / name).read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.py", '"""Whoever reads it."""\n', ["a.py:1: Whoever"]),
        ("a.py", 'x = 1  # made anew\ny = "nobody"\n', ["a.py:1: anew"]),
        ("a.py", 'def f():\n    """Text.\n\n    Mend it.\n    """\n', ["a.py:4: Mend"]),
        (
            "a.md",
            "The rooms of it.\n\n```text\nnobody\n```\nArrows run `anew`.\n",
            ["a.md:1: rooms of", "a.md:6: Arrows run"],
        ),
        ("a.tf", '# Nobody\nname = "anew"\n  description = "Is told."\n', ["a.tf:1: Nobody", "a.tf:3: told"]),
    ],
)
def test_a_planted_word_is_found(name: str, text: str, found: list[str]) -> None:
    assert violations(name, text) == found
