"""`python -m deploy.local.screenshot PAGE FILE`: a screenshot of the top of a page, such as the one in docs/.

Needs Chromium and its driver (Debian's packages chromium and chromium-driver). Selenium gets their paths, so that it
downloads nothing.
"""

import base64
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from deploy.commands import CommandError, Parser, run_command, whole_number

CHROMIUM, DRIVER = "chromium", "chromedriver"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_SECONDS = 120
_DRAWN = "return !document.querySelector('[data-chart]') || 'drawn' in document.documentElement.dataset"


def has_browser() -> bool:
    """Whether both programs are installed."""
    return all(shutil.which(program) for program in (CHROMIUM, DRIVER))


class Browser:
    """Headless Chromium, one page at a time."""

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver

    def open(self, page: Path, width: int, height: int = 1000, *, dark: bool = False, scale: float = 1) -> None:
        """Open the page at this width in CSS pixels, and wait until everything is drawn."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}  # noqa: PLR2004  # a phone
        self.command("Emulation.setDeviceMetricsOverride", **metrics)
        self.command("Emulation.setEmulatedMedia", media="", features=scheme)
        self._driver.get(page.resolve().as_uri())
        self.wait(_DRAWN)

    def wait(self, script: str) -> None:
        """Wait until the script returns a true value."""
        WebDriverWait(self._driver, _SECONDS, poll_frequency=0.05).until(lambda driver: driver.execute_script(script))

    def run(self, script: str) -> Any:  # noqa: ANN401  # what JavaScript returns
        """Run the script; returns its result."""
        return self._driver.execute_script(script)

    def command(self, name: str, **arguments: object) -> Any:  # noqa: ANN401  # what the browser answers
        """Send a command of the DevTools protocol; returns the answer."""
        return self._driver.execute_cdp_cmd(name, arguments)

    def screenshot(self, *, whole: bool = False) -> bytes:
        """The visible part of the page, or the whole page, as PNG."""
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def complaints(self) -> list[str]:
        """What the page wrote to the console since the last call."""
        return [entry["message"] for entry in self._driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def asked_for(self) -> list[str]:
        """Every address that the browser requested since the last call."""
        log = self._driver.get_log("performance")  # type: ignore[no-untyped-call]
        events = [json.loads(entry["message"])["message"] for entry in log]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser with an empty profile. Raises FileNotFoundError if no browser is installed."""
    if not has_browser():
        raise FileNotFoundError(
            "Chromium and its driver are needed; on Debian: apt-get install chromium chromium-driver"
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = str(shutil.which(CHROMIUM))
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = Chrome(options=options, service=Service(str(shutil.which(DRIVER))))
        try:
            yield Browser(driver)
        finally:
            driver.quit()


def main(argv: Sequence[str]) -> int:
    """The exit code."""
    parser = Parser(prog="python -m deploy.local.screenshot", description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--width", type=whole_number, default=1280, help="of the window, in CSS pixels")
    parser.add_argument("--height", type=whole_number, default=1000)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--whole", action="store_true", help="the whole page, not only its top")
    asked = parser.parse_args(argv)
    if not asked.page.is_file():
        raise CommandError(f"there is no page {asked.page}: name a report.html, as `make demo` writes it")
    if not has_browser():
        raise CommandError("Chromium and its driver are needed; on Debian: apt-get install chromium chromium-driver")
    with browser() as chromium:
        chromium.open(asked.page, asked.width, asked.height, dark=asked.dark)
        asked.file.write_bytes(chromium.screenshot(whole=asked.whole))
    print(f"{asked.file}: {asked.file.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(run_command("screenshot", main, sys.argv[1:]))
