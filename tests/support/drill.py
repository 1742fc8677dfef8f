"""Strikes a working site with one fault after the other, and looks after each that it works and has lost nothing.

As a program, `python -m support.drill --minutes 10` runs for so long and prints the table of what was done.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support import audit, faults
from support.crew import Crew
from support.service import until
from support.site import Site, running_site

LASTS = 3.0
"""Seconds that a fault lasts which does not end by itself."""
RECOVERS_WITHIN = 120.0
BUSY = 3
"""Cases that are on their way while a fault strikes."""


@dataclass
class Drill:
    site: Site
    crew: Crew
    choose: random.Random
    recovered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Fault to the seconds from its end until a complaint that came after it was answered and closed."""
    wrong: list[str] = field(default_factory=list)

    def strike(self, name: str, fault: faults.Fault) -> None:
        """One fault in the middle of work, its end, and the checks."""
        self.crew.add(BUSY, "scheme1_call_160")
        self.crew.wait_for_work()
        cure = fault(self.site, self.choose)
        if cure is not faults.by_itself:
            time.sleep(LASTS)  # a fault has a length; nothing is waited for
        cure()
        healed = time.monotonic()
        probes = self.crew.add(1, "scheme1_call_160")
        until(
            f"a case that came after «{name}» closed",
            lambda: not audit.unended(self.site, probes),
            within=RECOVERS_WITHIN,
        )
        self.recovered[name].append(time.monotonic() - healed)
        self.wrong += [f"after «{name}»: {said}" for said in audit.now(self.site, self.crew)]

    def finish(self) -> None:
        """Everybody's case ends, and the whole audit."""
        until("every case started", lambda: self.crew.all_started, within=RECOVERS_WITHIN)
        self.site.skew(self.site.skewed_by + 5 * 24 * faults.HOUR)  # what is to be tried again has waited long enough
        until("every case over", lambda: not audit.unended(self.site, self.crew.cases), within=2 * RECOVERS_WITHIN)
        self.crew.stop()
        self.wrong += audit.problems(self.site, self.crew)

    def table(self) -> str:
        rows = ["| fault | times | works again after, median s | at most s |", "|---|---|---|---|"]
        for name, times in self.recovered.items():
            rows.append(f"| {name} | {len(times)} | {statistics.median(times):.1f} | {max(times):.1f} |")
        answers = Counter(self.crew.answers)
        none = answers.pop(0, 0)
        statuses = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
        return "\n".join(
            [
                *rows,
                "",
                f"{len(self.crew.cases)} cases, all over; {len(self.crew.completed)} completions; "
                f"answers: {statuses}, {none} without an answer; "
                f"{audit.resent(self.site)} mails again under their own Message-ID.",
                *(f"WRONG: {said}" for said in self.wrong),
            ]
        )


@contextlib.contextmanager
def drilling(
    folder: Path, *, seed: int, serve: int = 2, work: int = 2
) -> Iterator[tuple[Drill, dict[str, faults.Fault]]]:
    """A site with its crew, and the faults that can strike it here: a full disk needs an account that may mount."""
    disk = folder / "disk"
    mounted = faults.small_disk(disk)
    known = dict(faults.FAULTS)
    try:
        with running_site(folder, serve=serve, work=work, data=disk / "postgres" if mounted else None) as site:
            if mounted:
                site.keep_little_wal()
                known["disk full"] = faults.disk_full(disk)
            crew = Crew(site, seed=seed).start(callers=2, operators=3)
            site.outside.provider.behave("answers")
            try:
                yield Drill(site, crew, random.Random(seed)), known
            finally:
                crew.stop()
    finally:
        if mounted:
            faults.unmount(disk)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--seed", type=int, default=int(time.time()))
    given = asked.parse_args()
    end = time.monotonic() + given.minutes * 60
    with tempfile.TemporaryDirectory() as folder, drilling(Path(folder), seed=given.seed) as (drill, known):
        if "disk full" not in known:
            print("no full disk: this account may not mount")
        names: list[str] = []
        while time.monotonic() < end:
            if not names:  # each once, in any order, then again
                names = list(known)
                drill.choose.shuffle(names)
            name = names.pop()
            drill.strike(name, known[name])
        drill.finish()
        print(f"seed {given.seed}\n\n{drill.table()}")
        if drill.wrong:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
