"""What holds on every page: signing in and out, three languages, two themes, a phone, axe."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from support.browser import Sit, axe
from support.service import Service


def test_a_link_of_the_sandbox_signs_in_and_is_taken_off_the_address(service: Service, sit: Sit) -> None:
    anna = sit("operator_160")
    expect(anna.page).to_have_url(re.compile(r"/app/inbox$"))
    assert service.token("operator_160") not in anna.page.content()
    cookies = {one["name"]: one for one in anna.page.context.cookies()}
    assert cookies["kt_flows"]["httpOnly"]
    assert cookies["kt_flows"]["sameSite"] == "Strict"
    assert anna.page.evaluate("() => document.cookie") == ""


def test_signing_out_ends_it_in_every_tab(sit: Sit) -> None:
    anna = sit("operator_160")
    other = anna.page.context.new_page()
    other.goto(anna.page.url)
    other.wait_for_selector("nav.rooms")
    anna.page.locator("button.person").click()
    anna.page.get_by_role("button", name="Выйти").click()
    for page in (anna.page, other):
        expect(page.get_by_label("Ключ доступа")).to_be_visible()


def test_a_wrong_key_is_told_in_words(sit: Sit) -> None:
    anna = sit("operator_160")
    anna.page.context.clear_cookies()
    anna.open("/inbox")
    anna.page.get_by_label("Ключ доступа").fill("ktf_sandbox_not_one")
    anna.press("Enter")
    expect(anna.page.get_by_role("alert")).to_contain_text("неизвестен")


def test_a_session_that_ends_is_renewed_in_place(service: Service, sit: Sit) -> None:
    anna = sit("operator_160")
    anna.page.context.clear_cookies()
    anna.page.get_by_role("link", name="Дела").click()
    again = anna.page.get_by_role("dialog")
    expect(again).to_contain_text("закончился")
    again.get_by_label("Ключ доступа").fill(service.token("operator_160"))
    anna.press("Enter")
    expect(again).to_be_hidden()
    expect(anna.page).to_have_url(re.compile(r"/app/cases"))


@pytest.mark.parametrize(("lang", "word"), [("Қазақша", "Тапсырмалар"), ("English", "Tasks"), ("Русский", "Задачи")])
def test_the_language_is_kept(sit: Sit, lang: str, word: str) -> None:
    anna = sit("operator_160")
    anna.page.locator("button.person").click()
    anna.page.get_by_role("button", name=lang).click()
    anna.page.reload()
    expect(anna.page.get_by_role("link", name=word, exact=False).first).to_be_visible()


def test_the_sign_in_page_is_clean(sit: Sit) -> None:
    anna = sit("operator_160")
    anna.page.context.clear_cookies()
    anna.open("/inbox")
    anna.page.get_by_label("Ключ доступа").wait_for()
    assert axe(anna.page) == []
