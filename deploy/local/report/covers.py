"""Small covers of albums for the page: fetched once, on request, then kept in a folder beside the page.

Spotify's terms: artwork is shown whole and unchanged, beside a link to Spotify. The page does so. Without covers it
shows tiles of its own.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

import requests

from extract_lambda.transport import DirectSession

SPOTIFY_IMAGES = ("https://i.scdn.co/image/", "https://mosaic.scdn.co/")
_LARGE, _SMALL = "ab67616d0000b273", "ab67616d00001e02"  # the same cover in 640 and in 300 pixels
_MOST_BYTES = 60_000  # of a cover: 30 of them are less than 2 MB
_SECONDS = 10
_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png"}


class Covers:
    """A folder of covers; fetches only addresses with these prefixes, since addresses come from the API."""

    def __init__(self, folder: Path, prefixes: tuple[str, ...] = SPOTIFY_IMAGES) -> None:
        self._folder = folder
        self._prefixes = prefixes
        self.missing = 0  # covers that could not be fetched, are no picture, or are too large

    def of(self, addresses: Mapping[str, str]) -> dict[str, str]:
        """A data URL for each key whose cover is available."""
        self._folder.mkdir(parents=True, exist_ok=True)
        made: dict[str, str] = {}
        with DirectSession() as session:
            for key, address in addresses.items():
                picture = self._picture(session, address.replace(_LARGE, _SMALL))
                kind = next((kind for start, kind in _TYPES.items() if picture.startswith(start)), None)
                if kind and len(picture) <= _MOST_BYTES:
                    made[key] = f"data:{kind};base64,{base64.b64encode(picture).decode()}"
                else:
                    self.missing += 1
        return made

    def _picture(self, session: DirectSession, address: str) -> bytes:
        """The cover from the folder, else from its address; empty if there is none."""
        if not address.startswith(self._prefixes):
            return b""
        kept = self._folder / hashlib.sha256(address.encode()).hexdigest()
        if kept.exists():
            return kept.read_bytes()
        try:
            answer = session.get(address, timeout=_SECONDS)
        except requests.RequestException:
            return b""
        if answer.status_code != requests.codes.ok:
            return b""
        kept.write_bytes(answer.content)
        return answer.content
