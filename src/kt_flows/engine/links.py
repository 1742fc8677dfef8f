"""Link events: a thrown one goes on at the caught one of its name, in the same scope."""

from __future__ import annotations

from collections.abc import Iterator

from kt_flows.engine.definition import Definition, say
from kt_flows.engine.dialect import Element
from kt_flows.errors import Finding


def throws_link(element: Element) -> bool:
    return element.event == "link" and element.type == "intermediateThrowEvent"


def catches_link(element: Element) -> bool:
    return element.event == "link" and element.type == "intermediateCatchEvent"


def linked(definition: Definition) -> Iterator[tuple[Element, Element]]:
    """Each thrown link with the caught one that it goes on at."""
    caught = {(one.parent, one.link): one for one in definition.elements.values() if catches_link(one)}
    for thrown in definition.elements.values():
        if throws_link(thrown) and (thrown.parent, thrown.link) in caught:
            yield thrown, caught[thrown.parent, thrown.link]


def link_findings(definition: Definition) -> Iterator[Finding]:
    """A link thrown has one catch in its scope, and a catch is thrown to."""
    elements = definition.elements.values()
    throws = [one for one in elements if throws_link(one)]
    catches = [one for one in elements if catches_link(one)]
    places = [(one.parent, one.link) for one in catches]
    for thrown in throws:
        if (thrown.parent, thrown.link) not in places:
            elsewhere = any(one.link == thrown.link for one in catches)
            message = f"ссылка {thrown.link} "
            message += "не переходит границу подпроцесса" if elsewhere else "никуда не ведёт"
            yield say(
                definition, thrown, "link", message, "Поставьте приём ссылки с этим именем в том же подпроцессе"
            )
    for at, caught in enumerate(catches):
        if places.index((caught.parent, caught.link)) != at:
            message = f"ссылку {caught.link} принимают двое"
            yield say(definition, caught, "link", message, "Оставьте один приём")
        elif not any((one.parent, one.link) == (caught.parent, caught.link) for one in throws):
            message = f"ссылку {caught.link} никто не посылает"
            yield say(
                definition, caught, "link", message, "Поставьте посылку ссылки с этим именем в том же подпроцессе"
            )
