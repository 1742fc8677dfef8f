"""Every fault that we know strikes a working site once; `make drill` goes on for ten minutes at random."""

from __future__ import annotations

from pathlib import Path

from support.drill import drilling


def test_every_fault_once(tmp_path: Path) -> None:
    with drilling(tmp_path, seed=6, serve=1, work=1) as (drill, known):
        for name, fault in known.items():
            drill.strike(name, fault)
        drill.finish()
        print(drill.table())
        assert drill.wrong == []
        assert set(drill.recovered) == set(known)
