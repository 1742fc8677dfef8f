"""A site of several processes that are killed, and whose database falls, under load: nothing lost, nothing twice."""

from __future__ import annotations

import random
from pathlib import Path

from support.audit import problems, resent, unended
from support.crew import Crew
from support.service import until
from support.site import Site, running_site

DAY = 25 * 3_600.0
KILLS = 30
SILENT = 100
"""Cases that the provider does not answer in time."""
FALLS = 5


def test_300_cases_and_30_kills(tmp_path: Path) -> None:
    with running_site(tmp_path) as site:
        crew = Crew(site, seed=30).start()
        choose = random.Random(30)
        try:
            site.outside.provider.behave("answers")
            crew.add(200, "scheme1_call_160")
            _kills(site, crew, choose, KILLS // 3)
            # From here on the provider is silent, and a day later the term of everybody has passed.
            site.outside.provider.behave("silent")
            crew.add(SILENT, "scheme2_cabinet")
            _kills(site, crew, choose, KILLS // 3)
            until("all requests forwarded", lambda: crew.all_started and not _open(site, "branch_triage"), within=180)
            site.skew(DAY)
            _kills(site, crew, choose, KILLS // 3)
            until("every month granted", lambda: len(site.outside.emulators["billing"].records) >= SILENT, within=180)
            _to_the_end(site, crew)
        finally:
            crew.stop()
        assert problems(site, crew) == []
        assert sum(member.kills for member in site.members) == KILLS
        assert len(site.outside.emulators["billing"].records) == SILENT
        print(f"answers {dict(crew.answers)}, mails sent again under their own id: {resent(site)}")


def test_the_database_falls_five_times(tmp_path: Path) -> None:
    """Stopped fast and at once, and its postmaster killed: callers are told to come again, and nothing is lost."""
    with running_site(tmp_path, serve=1, work=1) as site:
        crew = Crew(site, seed=5).start()
        try:
            site.outside.provider.behave("answers")
            for fall in range(FALLS):
                crew.add(12, "scheme1_call_160")
                crew.wait_for_work()
                site.database_falls(("fast", "immediate", "killed")[fall % 3])
            _to_the_end(site, crew)
        finally:
            crew.stop()
        assert problems(site, crew) == []


def _kills(site: Site, crew: Crew, choose: random.Random, many: int) -> None:
    for _ in range(many):
        crew.wait_for_work()
        site.a_ready_one(choose).kill_and_start()


def _open(site: Site, element: str) -> bool:
    found = site.rows("select element_id from task where state in ('open', 'claimed')")
    return any(id == element for (id,) in found)


def _to_the_end(site: Site, crew: Crew) -> None:
    until("every case started", lambda: crew.all_started, within=120)
    site.outside.provider.behave("answers")
    site.skew(DAY + 3_600)  # what waits to be tried again has waited long enough
    until("every case over", lambda: not unended(site, crew.cases), within=240)
