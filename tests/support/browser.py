"""A real Chromium, driven by Playwright: people at their machines, each with cookies and storage of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, sync_playwright

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
def killable(browser: Browser, profile: Path) -> Iterator[tuple[BrowserContext, Callable[[], None]]]:
    """A browser of its own with its profile on disk, and what kills it and all its processes."""
    launched = browser.browser_type.launch_persistent_context(str(profile), **options())

    def kill() -> None:
        for process in psutil.process_iter(["cmdline"]):
            with contextlib.suppress(psutil.Error):
                if f"--user-data-dir={profile}" in (process.info["cmdline"] or []):
                    process.kill()

    try:
        yield launched, kill
    finally:
        with contextlib.suppress(Error):  # it may have been killed
            launched.close()


_FOCUSED = """
() => {
  const clean = (text) => (text ?? "").trim().replace(/\\*$/, "").trim();
  const label = (field) => clean(field.labels?.[0]?.innerText ?? field.ariaLabel);
  const field = document.activeElement;
  const radios = field.type === "radio" ? [...document.getElementsByName(field.name)] : [];
  return [label(field), field.closest(".fjs-form-field")?.innerText ?? "", radios.map(label)];
}
"""
"""The label of the field that has the focus, the question that it stands in, and the labels of its radio group."""


_AT_REST = """
() => {
  const busy = document.querySelector(".loading, main[data-busy]") !== null;
  const parts = document.querySelectorAll("*").length;
  if (busy || window.restParts !== parts) [window.restParts, window.restSince] = [parts, performance.now()];
  return performance.now() - window.restSince > 500;
}
"""


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

    # a form, by keyboard alone

    def fill(self, label: str, text: str) -> Person:
        self.reach(label)
        return self.press("Control+A").type(text)

    def choose(self, label: str, option: str) -> Person:
        """An option of a select: to it, open it, down to the option, take it."""
        self.reach(label)
        picked = self.page.locator(".fjs-dropdownlist-item.focused")
        for _ in range(30):
            if picked.count() and picked.first.inner_text().strip() == option:
                return self.press("Enter")
            self.press("ArrowDown")
        raise AssertionError(f"{label!r} has no option {option!r}")

    def tick(self, label: str, of: str = "") -> Person:
        """A check box, or a radio button `of` a question."""
        self.reach(label, of)
        return self.press("Space")

    def reach(self, label: str, of: str = "") -> None:
        """Tab until the field with this label has the focus; arrows from one radio button of a group to another."""
        for _ in range(60):
            text, question, others = self.page.evaluate(_FOCUSED)
            if text == label and of in question:
                return
            self.press("ArrowDown" if of in question and label in others else "Tab")
        raise AssertionError(f"no field {label!r} can be reached by Tab")

    def sees(self, text: str, *, within: float = 20) -> Locator:
        """The first place where a text is shown, waited for."""
        place = self.page.get_by_text(text).first
        place.wait_for(state="visible", timeout=within * 1000)
        return place

    def settled(self) -> Person:
        """The page is there, and nothing has been asked for or drawn for half a second."""
        self.page.wait_for_selector("main h1")
        self.page.wait_for_function(_AT_REST, polling=100)
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
