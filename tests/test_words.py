"""Plain English in documents, comments, messages and names: the words listed here do not come back."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("glue_jobs", "extract_lambda", "shared", "deploy", "tests")
DOCUMENTS = ("docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
# Made from files that are checked; and this file, which has the words.
LEFT_OUT = ("deploy/generated/", "docs/bi-dictionary.md", "tests/test_words.py")
MESSAGES_IN = ("glue_jobs", "extract_lambda", "shared", "deploy")

PHRASES = re.compile(
    r"\b(whoever|whosoever|anew|mend|mends|mended|nobody|giants?|told|(look|looks|looked|looking) (at|for|into)|by lot"
    r"|lies|lie (at|in|under)|what is there|stands? (at|in|there|on)|as it stands|what stands|rooms of|arrows run"
    r"|house rules|read along)\b",
    re.IGNORECASE,
)
PARTS_OF_NAMES = re.compile(
    "found|told|said|look|looks|looked|anew|mend|mends|mended|nobody|whoever|giant|giants|lies|stands|stood"
)
WHOLE_NAMES = re.compile("one|given|taken")
TERMS = re.compile("not_found|NOT_FOUND|NotFound")  # HTTP's term for a missing resource
# Whether a file has to be parsed for its names.
_PERHAPS_A_NAME = re.compile(
    rf"(?<![a-z])({PARTS_OF_NAMES.pattern})(?![a-z])|\b({WHOLE_NAMES.pattern})( in\b|,| ?=|:|\)|\()", re.IGNORECASE
)
_PARTS = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_QUOTED = re.compile(r"`[^`\n]*`")  # names and commands


class Piece(NamedTuple):
    """A part of a file: its kind (prose, message or name), line and text."""

    kind: str
    line: int
    text: str


def pieces_of_python(text: str) -> Iterator[Piece]:
    """Comments, docstrings, other texts, and names where they are defined."""
    if PHRASES.search(text):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield Piece("prose", token.start[0], token.string)
    tree = ast.parse(text)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(value)):
                kind = "prose" if id(node) in docstrings else "message"
                for number, line in enumerate(value.splitlines(), node.lineno):
                    yield Piece(kind, number, line)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield Piece("name", node.lineno, name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.alias(asname=str(name)):
                yield Piece("name", node.lineno, name)


def pieces_of_markdown(text: str) -> Iterator[Piece]:
    """Lines outside of fenced blocks, which show what programs print."""
    is_fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        is_fence = line.lstrip().startswith("```")
        if not is_fence and not is_fenced:
            yield Piece("prose", number, _QUOTED.sub("", line))
        is_fenced ^= is_fence


def pieces_of_terraform(text: str) -> Iterator[Piece]:
    """Comments and descriptions."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.search(r'(?:^|\s)#.*|\bdescription\s*=\s*".*"', line):
            yield Piece("prose", number, match[0])


def pieces_of_sql(text: str) -> Iterator[Piece]:
    """Comments, and names of several words."""
    for number, line in enumerate(text.splitlines(), 1):
        code, _, comment = line.partition("--")
        yield Piece("prose", number, comment)
        yield from (Piece("name", number, name) for name in re.findall(r"\w+_\w+", code))


PIECES = {
    ".py": pieces_of_python,
    ".md": pieces_of_markdown,
    ".tf": pieces_of_terraform,
    ".sql": pieces_of_sql,
}


def violations(name: str, text: str) -> Iterator[tuple[str, str]]:
    """Kind of each forbidden word in a file, and the word with file and line."""
    has_name = _PERHAPS_A_NAME.search(text)
    if not has_name and not PHRASES.search(text):  # most files: they are not even parsed
        return
    for kind, line, piece in PIECES[Path(name).suffix](text):
        if kind == "name":
            words = [piece] if _is_forbidden(piece) else []
        else:
            words = [match[0] for match in PHRASES.finditer(_QUOTED.sub("", piece))]
        yield from ((kind, f"{name}:{line}: {word}") for word in words)


def _is_forbidden(name: str) -> bool:
    rest = TERMS.sub("", name)
    parts = [part.lower() for part in _PARTS.findall(rest)]
    return bool(WHOLE_NAMES.fullmatch(rest)) or any(map(PARTS_OF_NAMES.fullmatch, parts))


def test_no_forbidden_word_is_in_documents_comments_messages_and_names() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--", *CODE, *DOCUMENTS], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    names = [name for name in listed if Path(name).suffix in PIECES and not name.startswith(LEFT_OUT)]
    folders = {"prose": CODE + DOCUMENTS, "name": CODE, "message": MESSAGES_IN}

    assert len(names) > 200
    assert [
        word
        for name in names
        for kind, word in violations(name, (ROOT / name).read_text(encoding="utf-8"))
        if name.startswith(folders[kind])
    ] == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.py", '"""Whoever reads it."""\n', [("prose", "a.py:1: Whoever")]),
        ("a.py", 'x = 1  # made anew\ny = "nobody is"\n', [("prose", "a.py:1: anew"), ("message", "a.py:2: nobody")]),
        ("a.py", 'def f():\n    """Text.\n\n    Mend it.\n    """\n', [("prose", "a.py:4: Mend")]),
        (
            "tests/a.py",
            "def is_told(one):\n    return looking_up, not_found, Foreign.given\n",
            [("name", "tests/a.py:1: is_told"), ("name", "tests/a.py:1: one")],
        ),
        (
            "tests/a.py",
            "from a import given, b as FoundHere\nself.said: int = (not_found := 1)\n",
            [("name", "tests/a.py:2: said"), ("name", "tests/a.py:1: FoundHere")],
        ),
        (
            "a.md",
            "The rooms of it.\n\n```text\nnobody\n```\nArrows run `anew`.\n",
            [("prose", "a.md:1: rooms of"), ("prose", "a.md:6: Arrows run")],
        ),
        (
            "a.tf",
            '# Nobody\nname = "anew"\n  description = "Is told."\n',
            [("prose", "a.tf:1: Nobody"), ("prose", "a.tf:3: told")],
        ),
        ("a.sql", "select look_id -- by lot\n", [("prose", "a.sql:1: by lot"), ("name", "a.sql:1: look_id")]),
    ],
)
def test_a_planted_word_is_reported(name: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted(violations(name, text)) == sorted(expected)
