"""The strict door for YAML that people write: unique keys, no dates, no explosions; and where in it a mistake is."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from kt_flows.errors import DiagramError, Finding

MAX_CHARACTERS = 100_000
MAX_ALIASES = 1_000
MAX_DEPTH = 100
# What pydantic says, in the words of an analyst; what is not here is said by our own checks.
_SAID = {
    "extra_forbidden": "такого ключа здесь нет",
    "missing": "не хватает",
    "string_type": "нужен текст (в кавычках, если похоже на число)",
    "bool_type": "нужно true или false",
    "bool_parsing": "нужно true или false",
    "int_type": "нужно целое число",
    "int_parsing": "нужно целое число",
    "int_from_float": "нужно целое число",
    "dict_type": "нужны ключи со значениями",
    "model_type": "нужны ключи со значениями",
    "tuple_type": "нужен список",
    "list_type": "нужен список",
    "too_short": "пусто",
    "string_too_short": "пусто",
    "greater_than_equal": "слишком мало",
}


class _Loader(yaml.SafeLoader):
    """YAML with unique keys, and times left as the texts that they are."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        name = str(loader.construct_object(key))
        if name in seen:
            raise yaml.MarkedYAMLError(problem=f"ключ {name[:80]} стоит дважды", problem_mark=key.start_mark)
        seen.add(name)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(data: bytes, file: str) -> Any:
    """Reads YAML without aliases' explosion, double keys or dates.  Raises DiagramError with the line."""
    try:
        text = data.decode("utf-8")
        if len(text) > MAX_CHARACTERS or text.count("&") > MAX_ALIASES or _depth(text) > MAX_DEPTH:
            said = f"файл велик: больше {MAX_CHARACTERS} знаков, {MAX_ALIASES} ссылок или {MAX_DEPTH} уровней"
            raise DiagramError([Finding("error", "yaml", file, said, "Упростите файл")])
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as error:
        raise DiagramError([Finding("error", "yaml", file, "файл не в UTF-8", "Сохраните в UTF-8")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        said = str(getattr(error, "problem", None) or error)
        line = mark.line + 1 if mark else None
        raise DiagramError([Finding("error", "yaml", file, said, "Исправьте запись YAML", line=line)]) from error


def _depth(text: str) -> int:
    """How deep brackets stand in each other, at most; the parser would find that out by its own stack, and slowly."""
    depth = deepest = 0
    for character in re.findall(r"[\[\]{}]", text):
        depth += 1 if character in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


@functools.lru_cache(maxsize=8)
def _composed(data: bytes) -> Any:
    try:
        return yaml.compose(data.decode("utf-8"), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return None


def line_of(data: bytes, path: Sequence[str | int]) -> int | None:
    """The line, from 1, of the value at a path of keys and indexes, or of the last part of the path that is there."""
    node, line = _composed(data), None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = (node.value[part], node.value[part])
        else:
            found = None
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def findings_of(
    error: ValidationError, data: bytes, file: str, rule: str, path: Sequence[str | int] = ()
) -> list[Finding]:
    """A finding for each thing that pydantic found below `path` in the file."""
    findings = []
    for item in error.errors()[:50]:
        where = (*path, *(part for part in item["loc"] if part != "[key]"))
        said = _SAID.get(item["type"], item["msg"].removeprefix("Value error, "))
        name = ".".join(map(str, where)) or "файл"
        line = line_of(data, where)
        findings.append(Finding("error", rule, file, f"{name}: {said}", "Исправьте ключ", line=line))
    return findings
