"""A launcher that has read the service's modules once: each process that it starts is its fork.

A start costs a tenth of a cold one, so that a test may kill a hundred processes.  What runs is `kt-flows` as anybody
starts it: a process of its own with its environment, its sockets and its end.  Run as a program it is the launcher,
and takes one JSON line a request on its standard input.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__)


class WarmProcess:
    """One `kt-flows` process; the part of `subprocess.Popen` that a site uses."""

    def __init__(self, warm: Warm, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._warm = warm

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._warm.ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Warm:
    """The launcher, from outside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def launch(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> WarmProcess:
        """`kt-flows` with these arguments, started; what it says goes to the end of `log`."""
        asked = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        return WarmProcess(self, self.ask(start=asked))

    def ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Ends the launcher, and what it started and still runs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@contextlib.contextmanager
def warmed() -> Iterator[Warm]:
    warm = Warm()
    try:
        yield warm
    finally:
        warm.close()


def _start(asked: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _become(asked)
        from kt_flows.cli import main

        main(asked["arguments"], prog_name="kt-flows")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # nothing of the launcher's own goodbye
    return 0


def _become(asked: Mapping[str, Any]) -> None:
    """A process of its own: session, environment, and files."""
    os.setsid()
    os.environ.clear()
    os.environ.update(asked["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for mine, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(mine, theirs)
    os.close(nothing)
    os.close(log)


def _launcher() -> None:
    from kt_flows import clock
    from support.skewed import SkewedClock

    clock.SystemClock = SkewedClock  # type: ignore[assignment,misc]

    import alembic.autogenerate
    import psycopg
    import uvicorn.protocols.http.h11_impl

    import kt_flows.app
    import kt_flows.cli

    assert psycopg
    assert alembic.autogenerate
    assert uvicorn.protocols.http.h11_impl
    assert kt_flows.app
    assert kt_flows.cli
    assert threading.active_count() == 1, "a fork takes one thread along, no others"
    gc.freeze()
    children: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            answer: int | None = _start(request["start"])
            children.add(int(answer or 0))
        else:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
            children.discard(pid)
        print(json.dumps(answer), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    sys.path.insert(0, str(PROGRAM.parents[1]))
    _launcher()
