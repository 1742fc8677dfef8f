"""A complaint comes in over REST, people and the provider answer, the subscriber is told: the README's walk."""

from __future__ import annotations

from pathlib import Path

from support.service import Service, running
from support.walk import ANSWER, Walk


def test_the_walk_of_the_readme(service: Service) -> None:
    walk = Walk(service, "walk-1")
    for move in walk.moves:
        move()
    closed = walk.finish()
    assert closed["variables"]["breached"] is not True
    assert closed["variables"]["siebel_sr"]
    assert ANSWER in walk.answer_mails()[0]["text"]
    ids = [mail["headers"]["Message-ID"] for mail in service.mail()]
    assert len(ids) == len(set(ids)), "where nothing breaks, no mail goes twice"


def test_a_second_run_goes_on_with_the_same_cases(tmp_path: Path) -> None:
    with running(tmp_path / "var") as site:
        walk = Walk(site, "walk-1")
        walk.start()
        walk.check()
    with running(tmp_path / "var") as again:
        walk.service = again
        walk.register()
        walk.provider_is_asked()
        assert again.instance(walk.id)["businessKey"] == "walk-1"
