"""Generates docs/reference/clauses.md: clause of the instruction -> elements that carry it -> scenarios and tests.

Run with `--check` it changes nothing and fails where the page is out of date, a clause has no element, an element
names an unknown clause, or an acceptance scenario that must be shown has nothing that shows it.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/clauses.md"
# Scenarios that belong to releases to come: mail trust rules, facades, erasure.
LATER = {"47", "49", "51", "54", "55", "56", "57", "72", "73"}
MARK = re.compile(r"acceptance\(([^)]*)\)")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def elements_by_clause() -> dict[str, list[str]]:
    """Clause to `process.element`, from every process.yaml."""
    found: dict[str, list[str]] = defaultdict(list)
    for manifest in sorted((ROOT / "bpmn").glob("*/process.yaml")):
        process = load(manifest)
        for element, facts in (process.get("elements") or {}).items():
            for clause in str(facts.get("clause", "")).split(","):
                if clause.strip():
                    found[clause.strip()].append(f"{process['key']}.{element}")
    return found


def shown_by() -> dict[str, list[str]]:
    """Acceptance number to what shows it: scenario files' `covers` and tests' `acceptance(...)` marks."""
    found: dict[str, list[str]] = defaultdict(list)
    for scenario in sorted((ROOT / "bpmn").glob("*/scenarios/*.yaml")):
        for number in load(scenario).get("covers") or []:
            found[str(number)].append(f"{scenario.parent.parent.name}/{scenario.stem}")
    for test in sorted((ROOT / "tests").rglob("test_*.py")):
        for numbers in MARK.findall(test.read_text(encoding="utf-8")):
            for number in re.findall(r'"(\d+)"', numbers):
                found[number].append(str(test.relative_to(ROOT)))
    return {number: sorted(set(places)) for number, places in found.items()}


def scenarios_by_clause() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for scenario in sorted((ROOT / "bpmn").glob("*/scenarios/*.yaml")):
        for clause in load(scenario).get("clauses") or []:
            found[str(clause)].append(f"{scenario.parent.parent.name}/{scenario.stem}")
    return found


def page(problems: list[str]) -> str:
    clauses: dict[str, str] = load(ROOT / "docs/clauses.yaml")
    acceptance: dict[str, str] = load(ROOT / "docs/reference/acceptance.yaml")
    elements, scenarios, shown = elements_by_clause(), scenarios_by_clause(), shown_by()
    lines = [
        "# Clauses, elements, scenarios",
        "",
        "Made by `docs/generate.py` from the `process.yaml` files, the scenarios beside the diagrams and the tests'",
        "`acceptance` marks; `make check` fails when it is out of date.",
        "",
        "| clause | in its words | elements | scenarios |",
        "|---|---|---|---|",
    ]
    for clause, words in clauses.items():
        if clause not in elements:
            problems.append(f"clause {clause} has no element")
        if clause not in scenarios:
            problems.append(f"clause {clause} has no scenario")
        carried = "<br>".join(f"`{name}`" for name in elements.get(clause, ["-"]))
        proven = "<br>".join(f"`{name}`" for name in scenarios.get(clause, ["-"]))
        lines.append(f"| {clause} | {words} | {carried} | {proven} |")
    problems.extend(
        f"{place} names the unknown clause {clause}"
        for clause, places in elements.items()
        if clause not in clauses
        for place in places[:1]
    )
    lines += ["", "## Acceptance scenarios", "", "| no. | scenario | shown by |", "|---|---|---|"]
    for number, text in acceptance.items():
        if number not in shown and number not in LATER:
            problems.append(f"acceptance scenario {number} is shown by nothing")
        places = "<br>".join(f"`{place}`" for place in shown.get(number, ["later" if number in LATER else "-"]))
        lines.append(f"| {number} | {text.replace('|', chr(92) + '|')} | {places} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    problems: list[str] = []
    text = page(problems)
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            problems.append("docs/reference/clauses.md is out of date: run python docs/generate.py")
    else:
        PAGE.write_text(text, encoding="utf-8")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
