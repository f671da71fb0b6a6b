"""The image to share, and covers in the page: fetched once, small, and only from Spotify's image servers."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from markupsafe import Markup

from deploy.local.report.covers import Covers
from deploy.local.report.page import Page, Story
from deploy.local.report.report import report
from deploy.local.report.tables import Link
from deploy.local.report.tiles import Tile
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.local.report.worlds import SCRIPT
from tests.deploy.snowflake.bi.landing import Landing

JPEG = b"\xff\xd8\xff\xe0" + b"made up" * 10
PATHS = {
    "/image/ab67616d00001e02aa": JPEG,
    "/image/text": b"<html>",
    "/image/large": JPEG + b"x" * 60_000,
}


class Images(BaseHTTPRequestHandler):
    """A server of images that counts requests."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302 if self.path == "/image/moved" else 200 if self.path in PATHS else 404)
        if self.path == "/image/moved":
            self.send_header("Location", "/image/ab67616d00001e02aa")
        self.end_headers()
        self.wfile.write(PATHS.get(self.path, b""))

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def images() -> Iterator[tuple[str, list[str]]]:
    """The prefix of the server's addresses, and the requested paths."""
    asked: list[str] = []
    handler = type("Handler", (Images,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/image/", asked
        server.shutdown()


def test_the_image_to_share_has_1200_by_630_pixels() -> None:
    story = Story("Many", [("Artist with the most songs", Tile("a", Link(SCRIPT, None)))], [("songs", "1,481")])

    image = Page(Markup("Last updated 20 Nov 2026."), story).share_picture()

    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (1200, 630)
    assert len(image) < 500_000


def test_a_cover_is_fetched_small_and_only_once(images: tuple[str, list[str]], tmp_path: Path) -> None:
    prefix, asked = images
    addresses = {"album": f"{prefix}ab67616d0000b273aa"}  # 640 pixels

    first = Covers(tmp_path / "covers", (prefix,)).of(addresses)
    second = Covers(tmp_path / "covers", (prefix,)).of(addresses)

    assert first == second == {"album": "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()}
    assert asked == ["/image/ab67616d00001e02aa"]  # 300 pixels


def test_anything_but_a_small_image_of_spotify_is_left_out(images: tuple[str, list[str]], tmp_path: Path) -> None:
    prefix, asked = images
    names = ("text", "large", "missing", "moved")
    addresses = {name: f"{prefix}{name}" for name in names}
    addresses |= {"elsewhere": prefix.replace("/image/", "/private/"), "file": "file:///etc/passwd"}
    covers = Covers(tmp_path, (prefix,))

    assert covers.of(addresses) == {}
    assert covers.missing == 6
    assert asked == ["/image/text", "/image/large", "/image/missing", "/image/moved"]


def test_covers_are_in_the_page_on_request(
    landing: Landing, deployed: EmbeddedSnowflake, images: tuple[str, list[str]], tmp_path: Path
) -> None:
    prefix, asked = images
    landing.album("early", image_url=f"{prefix}ab67616d0000b273aa")
    landing.song("one", album_id="early")
    landing.read("2026-11-16 10:00", "one", name="Mix")

    without = report(deployed).html()
    with_covers = report(deployed, Covers(tmp_path, (prefix,))).html()

    assert "<img" not in without.partition("<script")[0]
    assert with_covers.count('<img class="cover" src="data:image/jpeg;base64,') == 1
    assert len(asked) == 1
    assert "img-src data:;" in without
