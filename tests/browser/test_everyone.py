"""What holds on every page: signing in and out, three languages, two themes, a phone, axe."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from support.browser import Person, Sit, axe
from support.service import Service
from support.workday import busy, pages


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


PAGES = (
    "inbox",
    "inbox-task",
    "task",
    "start",
    "start-form",
    "cases",
    "case-diagram",
    "case-history",
    "case-variables",
    "case-mail",
    "case-stuck",
    "deadlines",
    "figures",
    "heat",
    "stuck",
    "mail",
    "ott",
)


@pytest.fixture(scope="module")
def there(service: Service) -> dict[str, tuple[str, str]]:
    found = pages(service, busy(service))
    assert set(found) == set(PAGES)
    return found


def test_the_sign_in_page_is_clean(sit: Sit) -> None:
    anna = sit("operator_160")
    anna.page.context.clear_cookies()
    anna.open("/inbox")
    anna.page.get_by_label("Ключ доступа").wait_for()
    assert axe(anna.page) == []


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(there: dict[str, tuple[str, str]], sit: Sit, name: str) -> None:
    """In the light, in the dark and on a phone; headings begin with one h1."""
    who, path = there[name]
    person = sit(who).open(path).settled()
    found = axe(person.page)
    person.page.emulate_media(color_scheme="dark")
    found += [f"dark: {line}" for line in axe(person.page)]
    person.page.set_viewport_size({"width": 390, "height": 844})
    found += [f"phone: {line}" for line in axe(person.page)]
    assert found == []
    assert person.page.locator("h1").count() == 1
    assert person.page.evaluate(TOO_WIDE) == [], "a phone's page scrolls sideways"


TOO_WIDE = """
() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".cs-tabs, svg"))
  .map((one) => `${one.tagName} ${one.getAttribute("class")} ${Math.round(one.getBoundingClientRect().right)}`)
"""
"""The elements that reach beyond the page's right edge, where it can be scrolled there."""
SHOWN = """
() => {
  const seen = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const place = walker.currentNode.parentElement;
    if (!text || place.closest(".given, kbd, noscript, script, style, .fjs-powered-by, [lang]:not(html)")) continue;
    if (place.closest("svg")?.closest(".djs-container") && !place.closest(".djs-label, .djs-visual")) continue;
    seen.add(text);
  }
  for (const one of document.querySelectorAll("[aria-label], [placeholder], [title]"))
    if (!one.closest(".given, [lang]:not(html)"))
      for (const name of ["aria-label", "placeholder", "title"])
        if (one.getAttribute(name)) seen.add(one.getAttribute(name));
  return [...seen];
}
"""
"""Every text of the page itself: what people and outside systems wrote stands in `.given`."""
RUSSIAN = re.compile("[А-Яа-яЁё]{2}")
OF_BOTH = re.compile(r"[\W\d]*(Абонент|Масштаб|Процесс|таймер|Телефон|Филиал|Элемент|Ср|Сб|мин|ГЦУСТ)?[\W\d]*", re.I)
"""Words that are the same in both languages."""


def texts(person: Person, path: str, lang: str) -> set[str]:
    person.page.evaluate(f"() => localStorage.setItem('kt.person', JSON.stringify({{lang: '{lang}'}}))")
    person.open(path).settled()
    return set(person.page.evaluate(SHOWN))


@pytest.mark.parametrize("name", PAGES)
def test_no_language_lacks_a_text(there: dict[str, tuple[str, str]], sit: Sit, name: str) -> None:
    """Nothing Russian is left on the English page, and nothing reads the same on the Russian and the Kazakh one."""
    who, path = there[name]
    person = sit(who)
    assert {text for text in texts(person, path, "en") if RUSSIAN.search(text)} == set()
    russian, kazakh = texts(person, path, "ru"), texts(person, path, "kk")
    same = {text for text in russian & kazakh if RUSSIAN.search(text) and not OF_BOTH.fullmatch(text)}
    assert same == set()
