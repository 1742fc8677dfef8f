"""The built pages as files: what is packed, what is kept, what a browser is told to refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from kt_flows.api import problems
from kt_flows.api.front import Front
from kt_flows.web.pages import NotBuilt, files, pages
from support.http import serving


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "a-1.js").write_text("1")
    (tmp_path / "assets" / "a-1.js.gz").write_bytes(b"packed")
    (tmp_path / "assets" / "notes.txt").write_text("not for browsers")
    return tmp_path


@pytest.fixture
def site(built: Path) -> Iterator[httpx.Client]:
    app = FastAPI()
    app.include_router(pages(built))
    problems.install(app)
    app.add_middleware(Front)
    with serving(app) as url, httpx.Client(base_url=url) as client:
        yield client


def test_every_address_below_app_is_the_page(site: httpx.Client) -> None:
    for path in ("/app/", "/app/inbox", "/app/cases/01a22886-eb58-73b5-a579-8d302d63de65"):
        told = site.get(path)
        assert (told.status_code, told.text) == (200, "<!doctype html>"), path
        assert told.headers["cache-control"] == "no-cache"
    assert site.get("/").headers["location"] == "/app/"


def test_files_never_change_under_their_names(site: httpx.Client) -> None:
    plain = site.get("/app/assets/a-1.js", headers={"Accept-Encoding": "identity"})
    assert (plain.text, plain.headers["content-type"]) == ("1", "text/javascript; charset=utf-8")
    assert "immutable" in plain.headers["cache-control"]
    with site.stream("GET", "/app/assets/a-1.js", headers={"Accept-Encoding": "br, gzip;q=0.8"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert b"".join(packed.iter_raw()) == b"packed"


@pytest.mark.parametrize("path", ["/app/assets/a-2.js", "/app/assets/notes.txt", "/app/assets/../../pages.py"])
def test_what_was_not_built_is_not_there(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 404


def test_nothing_but_our_own_files_runs(site: httpx.Client) -> None:
    policy = site.get("/app/").headers["content-security-policy"]
    rules = {name: words for name, _, words in (part.partition(" ") for part in policy.split("; "))}
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"


def test_without_a_build_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="make web"):
        files(tmp_path)
