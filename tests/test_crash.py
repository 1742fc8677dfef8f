"""Crash points: the table says all there are, the code passes each, and a process dies at the named one only."""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kt_flows import crash
from kt_flows.settings import BadSettings, read_settings

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "crash-points.md"


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a function or method of that name in the service, and where it stands."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
                if called == name:
                    yield f"{path.name}:{node.lineno}", node


def texts(node: ast.expr) -> list[str]:
    """The constants that an argument may be: one, or those of a conditional expression."""
    if isinstance(node, ast.IfExp):
        return [*texts(node.body), *texts(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def test_every_transaction_has_a_name_of_the_table_and_every_name_its_transaction() -> None:
    passed_on = ("context.py",)  # the verb's name comes from its caller
    used: list[str] = []
    for place, call in calls("transaction"):
        if place.partition(":")[0] in passed_on:
            continue
        names = texts(call.args[0]) if call.args else []
        assert names, f"{place}: the transaction has no name"
        used += names
    assert sorted(used) == sorted(set(crash.COMMITS) - {"migrate"})


def test_every_call_to_the_outside_is_between_two_points() -> None:
    called = [call.args for _, call in calls("reach") if len(call.args) == 3]
    found = {(ast.unparse(who), *texts(side), *texts(word)) for who, side, word in called}
    spoken = {("'mail'", "send"), ("'mailbox'", "fetch"), ("'mailbox'", "acknowledge"), ("self.name", "call")}
    assert {(who, side, word) for who, word in spoken for side in ("before", "after")} <= found
    assert {word for _, word in crash.CALLS} == {word for _, word in spoken}


def test_the_page_has_every_point_and_no_other() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert dict(rows) == dict(crash.COMMITS) | {
        f"{system}.{side}_{word}": f"{side} {about}"
        for (system, word), about in crash.CALLS.items()
        for side in ("before", "after")
    }


@pytest.mark.parametrize(
    "text", ["start", "start.before", "begin.before_commit", "start.before_commit:0", "start.x:1"]
)
def test_a_misspelt_point_is_refused_at_start(text: str) -> None:
    with pytest.raises(BadSettings, match="KT_FLOWS_CRASH_AT"):
        read_settings(mode="sandbox", crash_at=text)


def test_production_does_not_kill_itself_unless_it_is_there_for_drills() -> None:
    with pytest.raises(BadSettings, match="KT_FLOWS_DRILL"):
        read_settings(mode="production", crash_at="start.before_commit")
    assert read_settings(mode="production", drill=True, crash_at="start.before_commit:2").crash_at
    assert read_settings(mode="sandbox", crash_at="start.before_commit").crash_at


@pytest.mark.parametrize(
    ("armed", "said"),
    [
        ("'start.before_commit'", ["begun"]),
        ("'start.after_commit:2'", ["begun", "before", "after", "before"]),
        ("'siebel.before_call'", ["begun", "before", "after", "before", "after"]),
        ("None", ["begun", "before", "after", "before", "after", "called", "alive"]),
    ],
)
def test_a_process_dies_at_the_named_point_at_the_named_time(armed: str, said: list[str]) -> None:
    program = f"""
import functools
from kt_flows import crash
crash.arm({armed})
say = functools.partial(print, flush=True)
say("begun")
for _ in range(2):
    for side in ("before", "after"):
        crash.reach("start", side)
        say(side)
crash.reach("siebel", "before", "call")
say("called")
say("alive")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout.split() == said
    assert ended.returncode == (0 if "alive" in said else -signal.SIGKILL)
