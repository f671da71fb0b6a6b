"""Parses a page into sentences and tables by figure."""

from collections import defaultdict
from html.parser import HTMLParser


class Reading(HTMLParser):
    """The texts of a page by the id of their figure or, without a figure, of their section.

    `sentences` has the first paragraph of each, `tables` the rows of its tables with the names of the columns first;
    `headings` those of story and sections, `cards` the words of the story's cards, `facts` its numbers by their names.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: dict[str, list[str]] = defaultdict(list)
        self.tables: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        self.headings: list[str] = []
        self.cards: list[str] = []
        self.facts: dict[str, str] = {}
        self._fact = ""
        self._place = "page"
        self._row: list[str] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()

    @property
    def sentences(self) -> dict[str, str]:
        """The first sentence of each figure or section."""
        return {place: texts[0] for place, texts in self.texts.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Tracks the current place."""
        self.tags.append(tag)
        if tag in {"section", "figure"}:
            self._place = dict(attrs)["id"] or ""
        if tag in {"p", "td", "th", "h1", "h2", "dt", "dd", "strong"} or dict(attrs).get("class") == "words":
            self._text = []
        if tag == "tr":
            self._row = []

    def handle_data(self, data: str) -> None:
        """Collects text."""
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Stores the text of the element that ends."""
        text = " ".join("".join(self._text).split())
        if tag in {"h1", "h2"}:
            self.headings.append(text)
        if tag == "dt":
            self._fact = text
        if tag == "dd":
            self.facts[self._fact] = text
        if tag == "strong":
            self._text = []
        if tag == "li":
            self.cards.append(text)
        if tag == "p":
            self.texts[self._place].append(text)
        if tag in {"td", "th"}:
            self._row.append(text)
        if tag == "tr":
            self.tables[self._place].append(tuple(self._row))
        if tag == "section":
            self._place = "page"
