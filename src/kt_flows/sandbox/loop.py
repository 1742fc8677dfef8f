"""One thread with one event loop, in which all of the sandbox's servers live."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for callers in other threads."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], *, within: float = 30) -> T:
        """The coroutine's result; TimeoutError after `within` seconds."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within)

    def stop(self) -> None:
        """Cancels what still runs and ends the thread."""
        self.call(self._wind_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _wind_up(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_default_executor()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
