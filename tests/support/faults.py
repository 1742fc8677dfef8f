"""The bad days of a site: each fault is a function that strikes and answers its cure."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from kt_flows.sandbox.switches import Switch
from support.fault_proxy import Mood
from support.site import Fall, Site

Cure = Callable[[], None]
Fault = Callable[[Site, random.Random], Cure]
HOUR = 3_600.0
_SPARED = 1 << 20
"""Bytes that a full disk still has: nothing is ever filled to the last one by somebody else."""


def by_itself() -> None:
    """The site heals by itself."""


def killed(site: Site, choose: random.Random) -> Cure:
    site.a_ready_one(choose).kill_and_start()
    return by_itself


def all_killed(site: Site, choose: random.Random) -> Cure:
    for member in site.members:
        member.kill_and_start()
    return by_itself


def database_falls(how: Fall) -> Fault:
    def strike(site: Site, choose: random.Random) -> Cure:
        site.database_falls(how)
        return by_itself

    return strike


def lines_reset(site: Site, choose: random.Random) -> Cure:
    site.line.cut(how="reset")
    return by_itself


def lines_cut_in_a_packet(site: Site, choose: random.Random) -> Cure:
    site.line.cut(how="mid-packet")
    return by_itself


def line(mood: Mood) -> Fault:
    def strike(site: Site, choose: random.Random) -> Cure:
        site.line.mood = mood

        def cure() -> None:
            site.line.mood = "pass"

        return cure

    return strike


def system(name: str, behaviour: str, **how: float) -> Fault:
    def strike(site: Site, choose: random.Random) -> Cure:
        site.outside.tell(name, Switch(behaviour, **how))  # type: ignore[arg-type]
        return lambda: site.outside.tell(name, Switch()) and None

    return strike


def clock_jumps(by: float) -> Fault:
    def strike(site: Site, choose: random.Random) -> Cure:
        site.skew(site.skewed_by + by)
        return by_itself

    return strike


def disk_full(disk: Path) -> Fault:
    """Fills the file system that the database lies on."""

    def strike(site: Site, choose: random.Random) -> Cure:
        ballast = disk / "ballast"
        room = os.statvfs(disk)
        with open(ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize - _SPARED))

        def cure() -> None:
            ballast.unlink()
            site.postgres.revive()

        return cure

    return strike


FAULTS: dict[str, Fault] = {
    "a process killed": killed,
    "all processes killed": all_killed,
    "PostgreSQL restarted fast": database_falls("fast"),
    "PostgreSQL stopped immediately": database_falls("immediate"),
    "postmaster killed": database_falls("killed"),
    "connections reset": lines_reset,
    "connections cut in a packet": lines_cut_in_a_packet,
    "database line slow": line("slow"),
    "database line swallows": line("swallow"),
    "database refuses connections": line("refuse"),
    "SMTP down": system("smtp", "down"),
    "SMTP says 4xx": system("smtp", "temporary"),
    "SMTP drops before its 250": system("smtp", "drop", times=3),
    "IMAP down": system("imap", "down"),
    "IMAP gives a mail twice": system("imap", "twice"),
    "IMAP renumbers the mailbox": system("imap", "uidvalidity"),
    "Siebel fails": system("siebel", "fail"),
    "Siebel hangs": system("siebel", "hang"),
    "Siebel loses its answers": system("siebel", "repeat", times=5),
    "clock an hour ahead": clock_jumps(HOUR),
    "clock an hour back": clock_jumps(-HOUR),
    "clock three days ahead": clock_jumps(72 * HOUR),
}


def small_disk(folder: Path, megabytes: int = 400) -> bool:
    """Mounts a small file system at `folder`; False where this account may not."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "kt-flows-drill", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
