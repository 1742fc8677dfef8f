"""The engine alone against stock SpiffWorkflow with its own serializer, in the same run.

One cycle is a whole case: begin, save, restore, complete its user task, run to the end, save.  CPU time of this
process, interleaved, medians.  Run with `make bench`.
"""

from __future__ import annotations

import functools
import gc
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

from kt_flows.engine import machine
from support.randomly import Drawing
from support.stock import parsed

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
ROUNDS = 15


def small() -> Drawing:
    """Eight nodes: two scripts, a user task, a choice with a script on either way."""
    drawing = Drawing(counters=["n"])
    _chain(drawing, ["begin", "c1", "work", "choice"])
    _ends(drawing, "choice", [["c2"], ["c3"]])
    return drawing


def large() -> Drawing:
    """Twenty-eight nodes: eight scripts, a fork of two and two, a user task, a choice of four and four."""
    drawing = Drawing(counters=["n"])
    _chain(drawing, ["begin", *(f"a{number}" for number in range(8)), "fork"])
    for side in "bc":
        _chain(drawing, ["fork", f"{side}1", f"{side}2", "join"])
    _chain(drawing, ["join", "work", "h", "choice"])
    _ends(drawing, "choice", [[f"e{number}" for number in range(4)], [f"d{number}" for number in range(4)]])
    return drawing


def _chain(drawing: Drawing, ids: list[str]) -> None:
    known = {id for _, id, _ in drawing.elements}
    for id in ids:
        if id not in known:
            tag = {"begin": "startEvent", "work": "userTask", "fork": "parallelGateway", "join": "parallelGateway"}
            if id != "choice":
                kind = tag.get(id, "scriptTask")
                drawing.elements.append((kind, id, {"counter": "n"} if kind == "scriptTask" else {}))
    for source, target in itertools.pairwise(ids):
        drawing.flows.append((f"{source}_{target}", source, target, ""))


def _ends(drawing: Drawing, choice: str, ways: list[list[str]]) -> None:
    drawing.elements.append(("exclusiveGateway", choice, {"default": f"{choice}_{ways[1][0]}"}))
    for number, way in enumerate(ways):
        _chain(drawing, way)
        condition = "v0 == 1" if number == 0 else ""
        drawing.flows.append((f"{choice}_{way[0]}", choice, way[0], condition))
        drawing.flows.append((f"{way[-1]}_finish", way[-1], "finish", ""))
    drawing.elements.append(("endEvent", "finish", {}))


VARIABLES = {**{f"v{number}": 1 for number in range(5)}, "n": 0}


def ours(drawing: Drawing) -> tuple[Callable[[], bytes], Callable[[bytes], bytes]]:
    program = drawing.program()

    def start() -> bytes:
        return machine.begin(program, VARIABLES, now=NOW, instance_id="bench").state

    wait = machine.look(program, start(), now=NOW).tasks[0].wait

    def step(state: bytes) -> bytes:
        done = machine.complete(program, state, wait, {}, now=NOW)
        assert done.status == "completed"
        return done.state

    return start, step


def stock(drawing: Drawing) -> tuple[Callable[[], bytes], Callable[[bytes], bytes]]:
    spec, subs = parsed(drawing.xml(ours=False))
    serializer = BpmnWorkflowSerializer()

    def start() -> bytes:
        workflow = BpmnWorkflow(spec, subs)
        workflow.task_tree.data.update(VARIABLES)
        workflow.do_engine_steps()
        return serializer.serialize_json(workflow).encode()

    def step(state: bytes) -> bytes:
        workflow = serializer.deserialize_json(state.decode())
        workflow.get_next_task(state=TaskState.READY, manual=True).run()
        workflow.do_engine_steps()
        assert workflow.completed
        return serializer.serialize_json(workflow).encode()

    return start, step


def milliseconds(call: Callable[[], object], times: int) -> float:
    gc.collect()
    gc.disable()
    begun = time.process_time()
    for _ in range(times):
        call()
    spent = time.process_time() - begun
    gc.enable()
    return spent / times * 1_000


def loop() -> Drawing:
    """A user task in a loop without an end."""
    drawing = Drawing(counters=["n"])
    drawing.elements += [
        ("startEvent", "begin", {}),
        ("exclusiveGateway", "merge", {}),
        ("userTask", "work", {}),
        ("scriptTask", "count", {"counter": "n"}),
        ("exclusiveGateway", "choice", {"default": "leave"}),
        ("endEvent", "finish", {}),
    ]
    drawing.flows += [
        ("enter", "begin", "merge", ""),
        ("merge_work", "merge", "work", ""),
        ("work_count", "work", "count", ""),
        ("count_choice", "count", "choice", ""),
        ("again", "choice", "merge", "n < 100000"),
        ("leave", "choice", "finish", ""),
    ]
    return drawing


def rounds() -> tuple[float, float, int]:
    """Milliseconds of a round around the 10th and the 1,000th, and the state's bytes then."""
    program = loop().program()
    step = machine.begin(program, VARIABLES, now=NOW, instance_id="bench")
    spent: list[float] = []
    for _ in range(1_050):
        begun = time.process_time()
        step = machine.complete(program, step.state, step.tasks[0].wait, {}, now=NOW)
        spent.append((time.process_time() - begun) * 1_000)
    return statistics.median(spent[5:55]), statistics.median(spent[1_000:1_050]), len(step.state)


def main() -> None:
    print("| process | | start ms | step ms | state bytes | cycles per CPU second |")
    print("|---|---|---|---|---|---|")
    for name, drawing in (("8 nodes", small()), ("28 nodes", large())):
        sides = {"ours": ours(drawing), "stock": stock(drawing)}
        found: dict[str, tuple[list[float], list[float]]] = {side: ([], []) for side in sides}
        states = {side: start() for side, (start, _) in sides.items()}
        for _ in range(ROUNDS):
            for side, (start, step) in sides.items():
                times = 60 if side == "ours" else 6
                found[side][0].append(milliseconds(start, times))
                found[side][1].append(milliseconds(functools.partial(step, states[side]), times))
        speed = {}
        for side, (starts, steps) in found.items():
            begun, moved = statistics.median(starts), statistics.median(steps)
            speed[side] = 1_000 / (begun + moved)
            print(f"| {name} | {side} | {begun:.3f} | {moved:.3f} | {len(states[side])} | {speed[side]:.0f} |")
        print(f"| {name} | ratio | | | | {speed['ours'] / speed['stock']:.1f} |")
    early, late, size = rounds()
    print(
        f"\nA round of a loop: {early:.3f} ms around the 10th, {late:.3f} ms around the 1,000th; state {size} bytes."
    )


if __name__ == "__main__":
    main()
