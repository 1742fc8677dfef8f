"""How each outside system behaves now: the faults that it has been told to show, kept over a restart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kt_flows.errors import FieldError, InvalidValues, NotFound
from kt_flows.sandbox.journal import write_whole

_HTTP = ("ok", "fail", "hang", "slow", "reject", "repeat")
BEHAVIOURS: Mapping[str, tuple[str, ...]] = {
    "smtp": ("ok", "down", "temporary", "reject", "drop"),
    "imap": ("ok", "down", "twice", "uidvalidity"),
    "siebel": _HTTP,
    "cabinet": _HTTP,
    "billing": _HTTP,
    "line": _HTTP,
    "broadband": _HTTP,
    "platform": _HTTP,
}
"""System to what it can be told to do; docs/reference/sandbox.md says what each means."""

_ONLY: Mapping[str, tuple[str, ...]] = {"address": ("smtp",), "broadband_ok": ("line",), "missing": ("platform",)}


@dataclass(frozen=True, slots=True)
class Switch:
    """One system's behaviour: `times` requests long (None: until told otherwise), `seconds` for hang and slow.

    `address` narrows the SMTP server's refusals to one recipient, `missing` names indicators without a source,
    `broadband_ok` is what a line test finds.
    """

    behaviour: str = "ok"
    times: int | None = None
    seconds: float | None = None
    address: str | None = None
    missing: tuple[str, ...] = ()
    broadband_ok: bool = True


class Switches:
    """All systems' behaviours in one small file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._pauses: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        kept: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        self._switches = {
            system: Switch(**(kept[system] | {"missing": tuple(kept[system]["missing"])}))
            if system in kept
            else Switch()
            for system in BEHAVIOURS
        }

    def get(self, system: str) -> Switch:
        """The behaviour as told; NotFound for a system that the sandbox does not have."""
        try:
            return self._switches[system]
        except KeyError:
            raise NotFound(f"The sandbox has no system {system!r}; it has {', '.join(BEHAVIOURS)}") from None

    def set(self, system: str, switch: Switch) -> Switch:
        """Tells a system how to behave; InvalidValues for what it cannot do."""
        self.get(system)
        errors = []
        if switch.behaviour not in BEHAVIOURS[system]:
            errors.append(FieldError("behaviour", f"{system}: {' | '.join(BEHAVIOURS[system])}"))
        plain = Switch()
        for name, systems in _ONLY.items():
            if system not in systems and getattr(switch, name) != getattr(plain, name):
                errors.append(FieldError(name, f"only for {', '.join(systems)}"))
        if errors:
            raise InvalidValues(errors)
        with self._lock:
            self._switches[system] = switch
            self._save()
        self.release()
        return switch

    def take(self, system: str) -> Switch:
        """The behaviour for the request at hand; uses one of its `times` up and goes back to `ok` after the last."""
        with self._lock:
            switch = self._switches[system]
            if switch.times is not None:
                left = switch.times - 1
                self._switches[system] = (
                    replace(switch, times=left)
                    if left > 0
                    else Switch(missing=switch.missing, broadband_ok=switch.broadband_ok)
                )
                self._save()
            return switch

    def release(self) -> None:
        """Ends every pause now."""
        for loop, over in list(self._pauses):
            loop.call_soon_threadsafe(over.set)

    async def pause(self, seconds: float) -> None:
        """Waits, at most until a behaviour is changed: a system told to be well again does not go on hanging."""
        pause = (asyncio.get_running_loop(), asyncio.Event())
        self._pauses.add(pause)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(pause[1].wait(), seconds)
        finally:
            self._pauses.discard(pause)

    def _save(self) -> None:
        kept = {system: asdict(switch) for system, switch in self._switches.items() if switch != Switch()}
        write_whole(self._path, json.dumps(kept).encode())
