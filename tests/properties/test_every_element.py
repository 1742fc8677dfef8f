"""Random processes from every element, walked at random: nothing of a case is ever lost or unsound on the way."""

from __future__ import annotations

import os
from collections import Counter

from support.rambler import Walk
from support.sheet import LARGE, SMALL

WALKS = int(os.environ.get("WALKS", "600"))
MOST_MOVES = 60


def test_every_walk_is_sound_and_ends() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(WALKS):
        walk = Walk(seed)
        for _ in range(walk.choose.randint(0, MOST_MOVES)):
            if walk.step.status == "completed":
                break
            walk.any_move()
        walk.to_the_end()
        kinds.update(walk.sheet.drawn)
    assert set(kinds) == {kind.__name__ for kind in (*SMALL, *LARGE)}, "every kind was drawn"
