"""The words from which the demo catalogue makes names, read from words.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))

HOSTILE_TITLES: tuple[str, ...] = tuple(_WORDS["hostile_titles"])
PODCASTS: tuple[dict[str, str], ...] = tuple(_WORDS["podcasts"])


@dataclass(frozen=True)
class Language:
    """The parts of names in one language."""

    code: str
    country: str
    share: int
    joint: str
    first_names: tuple[str, ...]
    family: tuple[str, ...]
    bands: tuple[str, ...]
    heads: tuple[str, ...]
    tails: tuple[str, ...]


def _language(code: str, words: dict[str, str]) -> Language:
    lists = (tuple(words[name].split("|")) for name in ("given", "family", "bands", "heads", "tails"))
    return Language(code, words["country"], int(words["share"]), words.get("joint", " "), *lists)


LANGUAGES = tuple(_language(code, words) for code, words in _WORDS["languages"].items())
