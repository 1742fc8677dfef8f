"""Which components and properties of form-js forms are read, drawn or refused, and what to do instead.

docs/reference/forms-by-name.md says the same to analysts; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kt_flows.engine.field import TYPES

DRAWN = ("text", "html", "image", "separator", "spacer", "button")
"""Components that are only shown."""
LISTS = ("group", "dynamiclist")
_CHOICE = frozenset({"values", "valuesKey", "valuesExpression"})
_EVERYWHERE = frozenset({"id", "key", "type", "label", "conditional", "properties"})
READ: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(TYPES, frozenset({"disabled", "validate"})),
    "number": frozenset({"disabled", "validate", "decimalDigits", "increment", "serializeToString"}),
    "datetime": frozenset({"disabled", "validate", "subtype", "timeSerializingFormat", "disallowPassedDates"}),
    **dict.fromkeys(("radio", "select", "checklist", "taglist"), frozenset({"disabled", "validate"}) | _CHOICE),
    "expression": frozenset({"expression"}),
    "group": frozenset({"components", "path"}),
    "dynamiclist": frozenset({"components", "path", "allowAddRemove", "defaultRepetitions"}),
    "text": frozenset({"text"}),
    "html": frozenset({"content"}),
    "image": frozenset({"source", "alt"}),
}
"""Properties by component that change what is accepted, or are looked at before they are shown."""
RULES = frozenset(
    {"required", "min", "max", "minLength", "maxLength", "pattern", "patternErrorMessage", "validationType"}
)
DRAWN_PROPERTIES = (
    frozenset({"layout", "description", "readonly", "defaultValue", "appearance", "searchable", "styles", "action"})
    | {"dateLabel", "timeLabel", "timeInterval", "use24h", "showOutline", "verticalAlignment", "height", "width"}
    | {"isRepeating", "disableCollapse", "nonCollapsedItems", "computeOn"}
)
"""Properties that change nothing of what is accepted."""
_HINTS = {
    "Приложите файл комментарием в CRM: служба файлов не хранит": "filepicker accept multiple",
    "Дайте ссылку в тексте": "iframe url security",
    "Покажите строки списком (dynamiclist) только для чтения": "table dataSource rowCount columns columnsExpression",
    "Дайте ссылку в тексте на документ": "documentPreview title endpointKey maxHeight",
    "Возьмите условие conditional.hide": "dependencies",
}
INSTEAD: Mapping[str, str] = {name: hint for hint, names in _HINTS.items() for name in names.split()}
"""Hints at what is refused."""


def strangers(component: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the browser would heed in this component and the service does not: a message and a hint each."""
    kind = str(component.get("type"))
    if kind not in READ and kind not in DRAWN:
        hint = INSTEAD.get(kind, f"Возьмите один из: {', '.join(TYPES)}")
        yield f"компонент {kind[:60]} не поддержан", hint
        return
    known = _EVERYWHERE | DRAWN_PROPERTIES | READ.get(kind, frozenset())
    for name, value in component.items():
        if name not in known and value not in (None, "", False, [], {}):
            yield f"свойство {name[:60]} у {kind} не поддержано", INSTEAD.get(name, "Уберите его")
