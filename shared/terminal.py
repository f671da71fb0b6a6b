"""What may be shown to people: names and reasons are strangers' text, and could command a terminal."""


def printable(text: str) -> str:
    """The text with a replacement character for each control character."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
