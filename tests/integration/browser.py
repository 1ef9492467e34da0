"""A real Chromium for tests: how it starts, and what its pages ask for and complain of.

Belongs here: what every browser test needs. Does not belong here: any page.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_IN_THE_PAGE = ("about", "blob", "data")


def executable() -> str:
    """Path of the system's Chromium; skips the test where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless; skips the test where there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), headless=True, args=list(_ARGUMENTS)
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Traffic:
    """What the pages of a context asked for, and every error that they told of."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, context: BrowserContext) -> "Traffic":
        """Listen to `context` from now on."""
        traffic = cls()
        context.on("request", lambda request: traffic.requests.append(request.url))
        context.on("page", traffic._overhear_sockets)
        context.on("weberror", lambda error: traffic.errors.append(str(error.error)))
        context.on("console", traffic._hear)
        return traffic

    def _overhear_sockets(self, page: Page) -> None:
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def outside(self, *allowed: str) -> list[str]:
        """Requests to no host of `allowed`; a file's host is empty."""
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme not in _IN_THE_PAGE
            and (urlsplit(url).hostname or "") not in allowed
        ]
