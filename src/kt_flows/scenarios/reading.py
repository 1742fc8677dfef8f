"""Reads a scenario's file; every key at fault is told with its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kt_flows.engine.values import check_value
from kt_flows.engine.yaml_text import findings_of, line_of, load_yaml
from kt_flows.errors import DiagramError, Finding
from kt_flows.scenarios.story import STEPS, Answer, Scenario
from kt_flows.topics import TOPICS


def read_scenario(data: bytes, file: str) -> Scenario:
    """Reads one scenario.  Raises DiagramError with a finding per key at fault."""
    return _Reading(data, file).scenario()


class _Reading:
    """One file while it is read, with what has been found in it."""

    def __init__(self, data: bytes, file: str) -> None:
        self.data = data
        self.file = file
        self.findings: list[Finding] = []

    def scenario(self) -> Scenario:
        content = load_yaml(self.data, self.file)
        if not isinstance(content, dict):
            self.say("сценарий — это ключи со значениями, первый из них scenario")
            raise DiagramError(self.findings)
        content = {**content, "file": self.file}
        content["steps"] = self.steps(content.get("steps"))
        content["jobs"] = self.jobs(content.get("jobs"))
        try:
            scenario = Scenario.model_validate(content)
        except ValidationError as error:
            raise DiagramError([*self.findings, *findings_of(error, self.data, self.file, "scenario")]) from error
        if f"{scenario.scenario}.yaml" != self.file.rsplit("/", 1)[-1]:
            self.say(f"сценарий {scenario.scenario} назван не как файл", "scenario")
        if bool(content["steps"]) is (scenario.start.refused is not None):
            self.say("шаги есть у случая, который начался, и только у него", "steps")
        if self.findings:
            raise DiagramError(self.findings)
        return scenario

    def say(self, message: str, *path: str | int) -> None:
        line = line_of(self.data, path)
        hint = "Исправьте сценарий: docs/reference/scenarios.md"
        self.findings.append(Finding("error", "scenario", self.file, message, hint, line=line))

    def steps(self, raw: Any) -> list[Any]:
        if raw is not None and not isinstance(raw, list):
            self.say("steps — это список", "steps")
            return []
        steps = []
        for index, item in enumerate(raw or []):
            kinds = [kind for kind in STEPS if isinstance(item, dict) and kind in item]
            if len(kinds) != 1:
                self.say(f"шаг {index + 1}: нужно ровно одно из {', '.join(STEPS)}", "steps", index)
                continue
            try:
                steps.append(STEPS[kinds[0]].model_validate(item))
            except ValidationError as error:
                self.findings += findings_of(error, self.data, self.file, "scenario", ("steps", index))
        return steps

    def jobs(self, raw: Any) -> dict[str, list[Answer]]:
        if raw is not None and not isinstance(raw, dict):
            self.say("jobs — это темы с ответами", "jobs")
            return {}
        answers: dict[str, list[Answer]] = {}
        for topic, given in (raw or {}).items():
            for item in given if isinstance(given, list) else [given]:
                try:
                    answers.setdefault(str(topic), []).append(_answer(str(topic), item))
                except ValidationError as error:
                    self.findings += findings_of(error, self.data, self.file, "scenario", ("jobs", str(topic)))
                except ValueError as error:
                    self.say(f"jobs.{topic}: {error}", "jobs", str(topic))
        return answers


def _answer(topic: str, item: Any) -> Answer:
    if not isinstance(item, dict):
        raise ValueError("ответ — это ключи со значениями")
    if any(str(key).startswith("$") for key in item):
        if len(item) != 1 or not set(item) <= {"$fail", "$hold"}:
            raise ValueError("рядом с $fail и $hold ничего не стоит")
        return Answer(fail=item.get("$fail"), hold=item.get("$hold", False))
    return Answer(result=checked_result(topic, item))


def checked_result(topic: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as the topic declares it.  Raises ValueError for an output that the topic has not, or of another
    type."""
    known = TOPICS[topic].outputs if topic in TOPICS else {}
    kept = {}
    for name, value in result.items():
        if name not in known:
            raise ValueError(f"у темы нет ответа {name}, есть: {', '.join(known)}")
        try:
            kept[name] = check_value(known[name].rstrip("?"), value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return kept
