"""A real Chromium, driven by Playwright: people at their machines, each with cookies and storage of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, sync_playwright

from support.service import Service

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--force-color-profile=srgb",
]
AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
NOT_HERE = ("401 (Unauthorized)", "409 (Conflict)", "422 (", "net::ERR_", "503 (")
"""What the browser itself logs of answers that a page asks for and deals with, and of a service that is down."""


def chromium() -> str:
    """This machine's Chromium: KT_FLOWS_CHROMIUM, or one on the path (`make test` sees to it)."""
    named = os.environ.get("KT_FLOWS_CHROMIUM")
    found = named or next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    assert found is not None, "there is no Chromium: run tests/browser/chromium"
    return found


def options() -> dict[str, Any]:
    """How it is launched; as root it has no sandbox of its own to go into."""
    return {"executable_path": chromium(), "args": ARGUMENTS + (["--no-sandbox"] if os.geteuid() == 0 else [])}


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options())
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def own_browser(playwright: Playwright, profile: Path) -> Iterator[BrowserContext]:
    """A browser with a profile on disk, for what must outlive it."""
    context = playwright.chromium.launch_persistent_context(str(profile), **options())
    try:
        yield context
    finally:
        with contextlib.suppress(Exception):  # a test may have killed it
            context.close()


class Person:
    """Somebody at a page.  What the page logs as an error, and what its policy refused, is kept in `faults`."""

    def __init__(self, service: Service, name: str, page: Page) -> None:
        self.service, self.name, self.page = service, name, page
        self.faults: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.set_default_timeout(20_000)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in NOT_HERE):
            self.faults.append(message.text)

    def sign_in(self) -> Person:
        """By the link that `make run` prints."""
        self.page.goto(f"{self.service.base_url}/app/sign-in#{self.service.token(self.name)}")
        self.page.wait_for_selector("nav.rooms")
        return self

    def open(self, path: str) -> Person:
        self.page.goto(f"{self.service.base_url}/app{path}")
        return self

    def press(self, *keys: str) -> Person:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> Person:
        self.page.keyboard.insert_text(text)
        return self

    def sees(self, text: str, *, within: float = 20) -> Locator:
        """The first place where a text is shown, waited for."""
        place = self.page.get_by_text(text).first
        place.wait_for(state="visible", timeout=within * 1000)
        return place

    def settled(self) -> Person:
        """Nothing is being asked for any more; the event stream does not count."""
        self.page.wait_for_function("() => !document.querySelector('.loading')")
        return self


Sit = Callable[..., Person]
"""`sit("operator_160")`: that person, signed in at a machine of their own."""


def axe(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it is, one line each."""
    if not page.evaluate("() => 'axe' in window"):
        # Past the page's own policy, which lets no such script in.
        session = page.context.new_cdp_session(page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes']][:4]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
