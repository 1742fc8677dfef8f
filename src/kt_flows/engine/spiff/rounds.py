"""Standard loops: an activity again and again, one round after the other."""

from __future__ import annotations

from collections import ChainMap

from kt_flows.engine.spiff.hosts import Repeating
from kt_flows.engine.spiff.scope import values_of
from kt_flows.engine.spiff.token import Token


class Rounds(Repeating):
    """An activity with standardLoopCharacteristics.

    In the loop condition `loopCounter` is the number of rounds that are done, inside a round its own number from 0.
    """

    def _run_hook(self, token: Token) -> bool | None:
        repeat = self.element.repeat
        assert repeat is not None
        token.facts["done"] = 0
        if repeat.before and not self._again(token):
            return True
        self._round(token)
        return None

    def counted(self, token: Token, instance: Token) -> bool:
        token.facts["done"] += 1
        if not self._again(token):
            return True
        self._round(token)
        return False

    def _again(self, token: Token) -> bool:
        repeat, done = self.element.repeat, token.facts["done"]
        assert repeat is not None
        if repeat.maximum is not None and done >= repeat.maximum:
            return False
        if repeat.condition is None:
            return True
        return repeat.condition.evaluate(ChainMap({"loopCounter": done}, dict(values_of(token)))) is True

    def _round(self, token: Token) -> None:
        instance = Token(token.workflow, self.body, token)
        instance.local["loopCounter"] = token.facts["done"]
        instance._ready()
