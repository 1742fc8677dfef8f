"""What a person at a browser waits for: the first load with 100,000 open tasks, a key, an event from elsewhere.

A real Chromium on this machine against a production `serve`; and what 200 browsers that only listen cost it.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from load import BENCH, OPEN, SOME_CASE, TASKS, Site, site, told
from playwright.sync_api import Browser, Page, Response, sync_playwright
from service import production, serve, servers
from wire import Wire

from kt_flows.clock import SystemClock
from kt_flows.runtime import keys, start

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from support.browser import options

STREAMS, LISTEN_FOR = 200, 30.0
ROUNDS, PRESSES = 7, 60
ROWS = "[role=row]"


def filled(there: Site) -> None:
    """A hundred thousand open tasks, one case each ten groups, as `load.py` has them."""
    [(case,)] = there.sql(SOME_CASE, ("active",))
    there.sql(TASKS, {"case": case, "after": 0, "state": "open", "many": OPEN})
    there.sql("analyze task")


@contextmanager
def signed_in(browser: Browser, base: str, token: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{base}/app/inbox")
    page.locator("#key").fill(token)
    page.keyboard.press("Enter")
    page.wait_for_selector(ROWS, timeout=30_000)
    try:
        yield page
    finally:
        context.close()


def first_load(page: Page) -> tuple[float, float]:
    """Compressed bytes of script, and seconds until the first rows can be worked with; nothing kept from before."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    script = 0

    def came(answer: Response) -> None:
        nonlocal script
        if urlsplit(answer.url).path.endswith(".js"):
            script += int(answer.headers.get("content-length", 0))

    page.on("response", came)
    begun = time.perf_counter()
    page.reload(wait_until="commit")
    page.wait_for_selector(ROWS)
    page.locator("[role=grid]").focus()
    page.keyboard.press("j")
    page.wait_for_selector(f"{ROWS}.active:nth-child(2)")
    took = time.perf_counter() - begun
    page.remove_listener("response", came)
    session.detach()
    return script, took


PRESSED = """
() => {
  const active = () => document.querySelector("[role=grid]").getAttribute("aria-activedescendant");
  const before = active();
  window.effect = new Promise((done) => {
    addEventListener("keydown", () => {
      const pressed = performance.now();
      const look = () => (active() === before ? requestAnimationFrame(look) : done(performance.now() - pressed));
      requestAnimationFrame(look);
    }, {capture: true, once: true});
  });
}
"""


def key_to_effect(page: Page) -> list[float]:
    """Milliseconds from a key to the frame that shows what it did: down and up the list."""
    found = []
    for number in range(PRESSES):
        page.evaluate(PRESSED)
        page.keyboard.press("j" if number % 10 < 7 else "k")
        found.append(float(page.evaluate("() => window.effect")))
    return found


TOLD = (
    "(name) => [...document.querySelectorAll('nav a')].find((one) => one.innerText.includes(name))?.innerText ?? ''"
)
"""What the list of groups says of one."""


def elsewhere(page: Page, there: Site) -> list[float]:
    """Seconds from before a case is begun by another process to its task's being counted on the page."""
    found = []
    for number in range(ROUNDS):
        page.wait_for_timeout(3_000)  # a page reads its counts at most every two seconds, however much happens
        before = page.evaluate(TOLD, "bench")
        begun = time.perf_counter()
        start.start(there.runtime, BENCH, definition_key="order", business_key=f"E-{number}", variables={"amount": 1})
        page.wait_for_function(f"([name, before]) => ({TOLD})(name) !== before", arg=["bench", before], polling=20)
        found.append(time.perf_counter() - begun)
    return found


@contextmanager
def listening(port: int, token: str, many: int) -> Iterator[None]:
    """So many event streams, each a socket that reads nothing but what the kernel takes for it."""
    with ExitStack() as stack:
        for _ in range(many):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            head = f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
            line.sendall(head.encode())
            assert line.recv(12) == b"HTTP/1.1 200"
        yield


def idle_cost(process: psutil.Process, seconds: float) -> float:
    """The share of a core that a process takes while nobody asks it for anything."""
    before, begun = process.cpu_times(), time.perf_counter()
    time.sleep(seconds)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / (time.perf_counter() - begun)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=LISTEN_FOR)
    seconds = asked.parse_args().seconds
    print("| what | figure |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        there = stack.enter_context(site(Path(folder)))
        filled(there)
        groups = [f"group_{number}" for number in range(10)] + ["bench"]
        token = keys.create(there.runtime.db, SystemClock(), name="anna", roles=["operator"], groups=groups)
        ports, [process, _] = stack.enter_context(servers(serve, production(there.address), "/health/ready"))
        alone = idle_cost(process, seconds)
        with listening(ports[0], token, STREAMS):
            Wire(ports[0], token).ask("GET", "/v1/tasks?limit=1")
            cost = idle_cost(process, seconds)
        told(f"{STREAMS} event streams, idle", f"{cost:.1%} of a core; without them {alone:.1%}")
        browser = stack.enter_context(sync_playwright()).chromium.launch(**options())
        with signed_in(browser, f"http://127.0.0.1:{ports[0]}", token) as page:
            loads = [first_load(page) for _ in range(ROUNDS)]
            script, took = loads[0][0], statistics.median(one[1] for one in loads)
            told(f"first load of the inbox, {OPEN:,} open tasks", f"{script / 1000:.0f} kB of script, {took:.2f} s")
            effects = sorted(key_to_effect(page))
            told("a key to what it does", f"p50 {statistics.median(effects):.0f} ms, most {effects[-1]:.0f} ms")
            late = sorted(elsewhere(page, there))
            told("an event elsewhere", f"p50 {statistics.median(late):.2f} s, most {late[-1]:.2f} s")
        browser.close()


if __name__ == "__main__":
    main()
