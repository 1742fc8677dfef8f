"""A browser's session: a cookie that no script reads, and a word without which nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from kt_flows.api.sessions import CSRF_HEADER, LASTS, Cookies
from kt_flows.clock import FixedClock
from kt_flows.runtime import keys
from kt_flows.security import Credential
from support.api import Api, answer, problem


@pytest.fixture
def browser(api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.url, timeout=30) as client:
        yield client


def signed_in(api: Api, browser: httpx.Client, who: str) -> str:
    """Signs in; answers the CSRF token."""
    return str(answer(browser.post("/v1/session", json={"token": api.tokens[who]}))["csrfToken"])


def test_who_is_signed_in(api: Api, browser: httpx.Client) -> None:
    problem(browser.get("/v1/session"), 401, "unauthenticated")
    csrf = signed_in(api, browser, "anna")
    session = answer(browser.get("/v1/session"))
    assert (session["name"], session["groups"], session["csrfToken"]) == ("anna", ["operator_160"], csrf)
    assert "tasks.work" in session["permissions"]
    assert "tasks.assign" not in session["permissions"]
    assert answer(browser.get("/v1/tasks"))["items"] is not None


def test_the_cookie_is_for_our_pages_alone(api: Api, browser: httpx.Client) -> None:
    told = browser.post("/v1/session", json={"token": api.tokens["anna"]}).headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert api.tokens["anna"].lower() not in told


def test_a_change_needs_the_csrf_token(api: Api, browser: httpx.Client) -> None:
    csrf = signed_in(api, browser, "anna")
    task = api.task(api.start("S-1"))
    for headers in ({}, {CSRF_HEADER: "x"}, {CSRF_HEADER: csrf + "x"}):
        problem(browser.post(f"/v1/tasks/{task}/claim", headers=headers), 403, "csrf")
    twice = [(CSRF_HEADER, csrf), (CSRF_HEADER, csrf)]
    problem(browser.post(f"/v1/tasks/{task}/claim", headers=twice), 403, "csrf")
    assert answer(browser.post(f"/v1/tasks/{task}/claim", headers={CSRF_HEADER: csrf}))["assignee"] == "anna"


def test_another_sessions_csrf_token_does_not_fit(api: Api, browser: httpx.Client) -> None:
    signed_in(api, browser, "anna")
    with httpx.Client(base_url=api.url) as other:
        strange = signed_in(api, other, "anna")
    problem(browser.post("/v1/tasks/next", headers={CSRF_HEADER: strange}), 403, "csrf")


def test_a_bearer_token_wins_over_the_cookie_and_needs_no_csrf(api: Api, browser: httpx.Client) -> None:
    signed_in(api, browser, "anna")
    task = api.task(api.start("S-2"))
    bearer = {"Authorization": f"Bearer {api.tokens['boris']}"}
    assert answer(browser.post(f"/v1/tasks/{task}/claim", headers=bearer))["assignee"] == "boris"
    problem(browser.get("/v1/tasks", headers={"Authorization": "Bearer x"}), 401, "unauthenticated")


def test_sign_out(api: Api, browser: httpx.Client) -> None:
    signed_in(api, browser, "anna")
    assert browser.delete("/v1/session").status_code == 204
    problem(browser.get("/v1/tasks"), 401, "unauthenticated")


def test_a_wrong_key_opens_nothing(api: Api, browser: httpx.Client) -> None:
    problem(browser.post("/v1/session", json={"token": "ktf_live_x"}), 401, "unauthenticated")
    assert not browser.cookies


def test_a_revoked_key_ends_its_sessions(api: Api, browser: httpx.Client) -> None:
    token = keys.create(api.runtime.db, api.clock, name="gone", roles=["operator"], sandbox=True)
    # Not asked for anything yet: what is believed for two seconds would still be good.
    value, _ = Cookies("test", api.clock, secure=False).open(Credential(token.split("_")[2], "0" * 64))
    browser.cookies.set("kt_flows", value)
    problem(browser.get("/v1/session"), 401, "unauthenticated")
    keys.revoke(api.runtime.db, api.clock, token.split("_")[2])
    problem(browser.post("/v1/session", json={"token": token}), 401, "unauthenticated")


def test_a_session_lasts_a_shift(api: Api, browser: httpx.Client) -> None:
    clock = FixedClock(api.clock.now() - LASTS + timedelta(minutes=1))
    credential = Credential(api.tokens["anna"].split("_")[2], "")
    late = Cookies("test", FixedClock(clock.now() - timedelta(minutes=2)), secure=False)
    browser.cookies.set("kt_flows", late.open(credential)[0])
    assert problem(browser.get("/v1/session"), 401, "unauthenticated")["detail"].startswith("There is no session")
    forged = Cookies("another site's secret", api.clock, secure=False)
    browser.cookies.set("kt_flows", forged.open(credential)[0])
    assert problem(browser.get("/v1/session"), 401, "unauthenticated")["detail"].startswith("There is no session")


def test_over_tls_the_cookie_is_bound_to_the_host(api: Api) -> None:
    assert Cookies("test", api.clock, secure=True).name == "__Host-kt_flows"
