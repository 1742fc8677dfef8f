"""Writes form-js forms for tests."""

from __future__ import annotations

from typing import Any

import orjson


def schema(*components: dict[str, Any], **more: Any) -> bytes:
    """A form of these components; a component's id is its key or path where it has none."""
    return orjson.dumps(
        {
            "type": "default",
            "id": "f",
            "schemaVersion": 19,
            "components": [_named(part) for part in components],
            **more,
        }
    )


def _named(component: dict[str, Any]) -> dict[str, Any]:
    inner = {"components": [_named(part) for part in component["components"]]} if "components" in component else {}
    return {"id": f"c_{component.get('key') or component.get('path') or component.get('type')}", **component, **inner}


def text(key: str, hide: str | None = None, **more: Any) -> dict[str, Any]:
    return _component("textfield", key, hide, more)


def number(key: str, hide: str | None = None, **more: Any) -> dict[str, Any]:
    return _component("number", key, hide, more)


def checkbox(key: str, hide: str | None = None, **more: Any) -> dict[str, Any]:
    return _component("checkbox", key, hide, more)


def choice(kind: str, key: str, *options: Any, hide: str | None = None, **more: Any) -> dict[str, Any]:
    values = [{"value": option, "label": str(option)} for option in options]
    return _component(kind, key, hide, {"values": values, **more})


def group(path: str, *components: dict[str, Any], hide: str | None = None, kind: str = "group") -> dict[str, Any]:
    found = {"type": kind, "path": path, "components": list(components)}
    return found | ({"conditional": {"hide": hide}} if hide else {})


def _component(kind: str, key: str, hide: str | None, more: dict[str, Any]) -> dict[str, Any]:
    rules = {name: more.pop(name) for name in list(more) if name in _RULES}
    found = {"type": kind, "key": key, "label": key, **more}
    found |= {"validate": rules} if rules else {}
    return found | ({"conditional": {"hide": hide}} if hide else {})


_RULES = {"required", "minLength", "maxLength", "min", "max", "pattern", "patternErrorMessage", "validationType"}
