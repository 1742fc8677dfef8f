"""Named points before and after every commit and every outside call, at which a drill kills the process.

KT_FLOWS_CRASH_AT names one of them; unset, a point costs one comparison.  The tables below are all there are: a name
that is not in them is refused at start, a test reads the code for ones that are used and not in them, and
tests/promises/test_crash_points.py has a way to each.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping

COMMITS: Mapping[str, str] = {
    "start": "a case is started",
    "complete": "a task is completed",
    "claim": "a task is claimed",
    "next": "the most urgent task is claimed",
    "release": "a task is put back",
    "assign": "a task is given to somebody",
    "comment": "a comment is written",
    "attach": "a file is put to a case",
    "draft": "a draft is kept",
    "filters.keep": "a filter of the task list is kept",
    "filters.change": "a kept filter is changed",
    "filters.drop": "a kept filter is dropped",
    "correlate": "a message is delivered, kept, or begins a case",
    "broadcast.remember": "whom a signal is to reach is fixed",
    "broadcast.reach": "one case takes the signal",
    "broadcast.begin": "a signal begins a case",
    "broadcast.end": "a signal has reached everyone",
    "broadcast.condition": "a condition begins a case",
    "settle.due": "a timer fires",
    "settle.internal": "a job that only touches our own tables is done",
    "settle.done": "an outside call has answered, and its case goes on",
    "settle.again": "a call that failed comes again later",
    "settle.failed": "a call has failed for good",
    "settle.short_failed": "a timer or an internal job has failed",
    "settle.give_up": "not even a failure could be settled",
    "job.lease": "a call is leased",
    "job.renew": "leases are kept",
    "job.give_back": "a call is put down because the database was away",
    "mail_sent.remember": "a mail is remembered before it goes",
    "mail_arrived.sort": "a mail is kept, and whose it is",
    "mail_arrived.set_aside": "a mail that breaks what it touches is kept",
    "mail_arrived.handed_over": "a mail has reached its case or a person",
    "periodic.keep": "a job that is always there is made sure of",
    "periodic.nudge": "a job that is always there is made due",
    "periodic.again": "its turn is over",
    "periodic.start": "a process begins by the clock",
    "periodic.put_off": "its turn could not be taken",
    "tidy": "what time has made useless is dropped",
    "put_away.months": "partitions for the coming months are made",
    "put_away.move": "cases that are over are put away",
    "put_away.forget": "months that have had their time are dropped",
    "operate.cancel": "a case is cancelled",
    "operate.suspend": "a case rests",
    "operate.resume": "a case goes on",
    "operate.migrate": "a case moves to another version",
    "operate.retry_job": "a stuck job is tried again",
    "operate.skip_job": "a case goes on without a stuck job",
    "operate.cancel_job": "a stuck job is given up",
    "deploy": "processes are deployed",
    "doctor.case": "a case is looked at, and mended",
    "doctor.jobs": "jobs are looked at, and mended",
    "doctor.messages": "kept messages are looked at, and closed",
    "keys.create": "an API key is made",
    "keys.revoke": "an API key is ended",
    "migrate": "the schema is brought up to this release",
    "sandbox.clock": "the sandbox's clock is moved",
}
"""Verb to what its transaction writes: points `<verb>.before_commit` and `<verb>.after_commit`."""

CALLS: Mapping[tuple[str, str], str] = {
    ("siebel", "call"): "a request to Siebel CRM",
    ("cabinet", "call"): "a request to the subscriber's cabinet",
    ("billing", "call"): "a request to billing",
    ("line", "call"): "a request to the line diagnostics",
    ("broadband", "call"): "a request to the repair bureau's fault register",
    ("platform", "call"): "a request to the i-Vision platform",
    ("mail", "send"): "a mail is handed to the mail server",
    ("mailbox", "fetch"): "one mail is fetched from the mailbox",
    ("mailbox", "acknowledge"): "one mail is marked as seen",
}
"""Outside system and the word for a call to it: points `<system>.before_<word>` and `<system>.after_<word>`."""

POINTS: Mapping[str, str] = {
    f"{verb}.{side}_commit": about for verb, about in COMMITS.items() for side in ("before", "after")
} | {f"{system}.{side}_{word}": about for (system, word), about in CALLS.items() for side in ("before", "after")}
"""Every point and what it is about."""


class _Fuse:
    """The armed point and how many times it is still passed."""

    def __init__(self) -> None:
        self.point: str | None = None
        self.left = 0
        self.lock = threading.Lock()


_fuse = _Fuse()


def parse(text: str) -> tuple[str, int]:
    """The point of `start.before_commit` or `start.before_commit:3` and at which of its times it kills.

    Raises ValueError for a point that there is not, and for a number below 1.
    """
    point, colon, times = text.partition(":")
    if point not in POINTS:
        raise ValueError(f"there is no crash point {point!r}: docs/reference/crash-points.md lists them")
    if colon and not (times.isascii() and times.isdecimal() and int(times) > 0):
        raise ValueError("after the colon stands at which time the process dies: 1, 2, …")
    return point, int(times) if colon else 1


def arm(text: str | None) -> None:
    """This process dies at that point; None: at none."""
    _fuse.point, _fuse.left = parse(text) if text else (None, 0)


def reach(point: str, side: str, word: str = "commit") -> None:
    """A point is reached: the end of the process where it is the armed one, nothing where it is not."""
    if _fuse.point is not None and _fuse.point == f"{point}.{side}_{word}":
        with _fuse.lock:
            _fuse.left -= 1
            if _fuse.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
