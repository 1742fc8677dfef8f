"""One Chromium for a worker, one sandbox for a module, and people who are sat down as a test asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browser import Person, Sit, browsing
from support.service import Service, running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browsing() as one:
        yield one


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(Path(tmp_path_factory.mktemp("site"))) as one:
        yield one


@pytest.fixture
def sit(browser: Browser, service: Service, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sit]:
    """`sit("operator_160")` is that person, signed in at a machine of their own; no page may have logged a fault.

    Of a test that fails there is a picture of each page in its folder.
    """
    failed_before = request.session.testsfailed
    people: list[Person] = []

    def down(name: str, **more: object) -> Person:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "ru-RU", **more})
        people.append(Person(service, name, context.new_page()))
        return people[-1].sign_in()

    yield down
    if request.session.testsfailed > failed_before:
        for number, one in enumerate(people):
            one.page.screenshot(path=tmp_path / f"{number}-{one.name}.png")
    faults = [fault for one in people for fault in one.faults]
    for one in people:
        one.page.context.close()
    assert not faults, faults
