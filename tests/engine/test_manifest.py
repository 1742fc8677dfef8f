"""process.yaml: strict keys, types, names; every mistake is named with its place."""

from __future__ import annotations

import pytest

from kt_flows.engine.manifest import read_manifest
from kt_flows.engine.yaml_text import load_yaml
from kt_flows.errors import DiagramError

WHOLE = """
key: loan
name: {ru: Заём, kk: Қарыз, en: Loan}
owner: Кредитный отдел
clauses: ["1.1"]
constants:
  limit: {type: double, value: 1000, decided: решение по умолчанию}
  calendar: {type: map, value: {tz: Asia/Almaty}}
variables:
  amount: {type: double, about: Сколько, personal: false}
  asked_at: {type: timestamp}
messages:
  msg_paid: {correlation: [amount], payload: {paid_at: timestamp}, keep: PT2H, again: true}
elements:
  review: {clause: "1.1", kk: Қарау, en: Review, about: Кто смотрит, say: {ru: "Здравствуйте!\\nВы просили заём?"}}
"""


def test_a_whole_one() -> None:
    manifest = read_manifest(WHOLE.encode())
    assert manifest.key == "loan"
    assert manifest.types == {"limit": "double", "calendar": "map", "amount": "double", "asked_at": "timestamp"}
    assert manifest.constant_values["calendar"] == {"tz": "Asia/Almaty"}
    assert manifest.messages["msg_paid"].payload == {"paid_at": "timestamp"}
    say = manifest.elements["review"].say
    assert say is not None
    assert say.ru.splitlines() == ["Здравствуйте!", "Вы просили заём?"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key: loan", "name"),
        ("key: Loan\nname: {ru: x}", "key"),
        ("key: loan\nname: {ru: x}\nvariable: {}", "variable"),
        ("key: loan\nname: {ru: x, de: y}", "name.de"),
        ("key: loan\nname: {ru: x}\nvariables: {now: {type: timestamp}}", "variables"),
        ("key: loan\nname: {ru: x}\nvariables: {in: {type: any}}", "variables"),
        ("key: loan\nname: {ru: x}\nvariables: {a: {type: text}}", "variables.a.type"),
        ("key: loan\nname: {ru: x}\nvariables: {a: {type: any, defalt: 1}}", "variables.a.defalt"),
        ("key: loan\nname: {ru: x}\nconstants: {a: {type: int, value: x}}", "constants.a"),
        ("key: loan\nname: {ru: x}\nconstants: {a: {type: int, value: 1}}\nvariables: {a: {type: int}}", "a:"),
        ("key: loan\nname: {ru: x}\nmessages: {m: {keep: P1M}}", "messages.m.keep"),
        ("key: loan\nname: {ru: x}\nmessages: {m: {payload: {a: b}}}", "messages.m.payload.a"),
        ("key: loan\nname: {ru: x}\nelements: {a: {say: {kk: x}}}", "elements.a.say.ru"),
        ("key: loan\nname: {ru: x}\nelements: {a: {say: {ru: x, de: y}}}", "elements.a.say.de"),
        ("key: loan\nname: {ru: x}\nelements: {a: {say: {ru: '<b>x</b>'}}}", "elements.a.say.ru"),
        ('key: loan\nname: {ru: x}\nelements: {a: {say: {ru: x, en: "\\u202e"}}}', "elements.a.say.en"),
        (f"key: loan\nname: {{ru: x}}\nelements: {{a: {{say: {{ru: {'x' * 2_001}}}}}}}", "elements.a.say.ru"),
        ("- a list", ""),
        ("", ""),
    ],
)
def test_mistakes_are_named(text: str, said: str) -> None:
    with pytest.raises(DiagramError) as caught:
        read_manifest(text.encode())
    assert all(finding.rule == "manifest" and finding.file == "process.yaml" for finding in caught.value.findings)
    assert any(said in finding.message for finding in caught.value.findings)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"key: a\nkey: b\n", 2),
        (b"key: [1, 2\nname: x", 2),
        (b"key: !!python/object/apply:os.system ['id']", 1),
        (b"key: \xff", None),
        (b"a: " + b"[" * 5_000, None),
        (b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(1_100)), None),
        (b"key: a\nb: {<<: {c: 1}, ? [1, 2] : 3}", None),
    ],
    ids=range(7),
)
def test_yaml_that_does_not_come_in(data: bytes, line: int | None) -> None:
    with pytest.raises(DiagramError) as caught:
        read_manifest(data)
    assert line in (None, caught.value.findings[0].line)


def test_a_billion_laughs_do_not_grow() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    with pytest.raises(DiagramError):
        read_manifest("\n".join(lines).encode())


def test_times_stay_texts() -> None:
    assert load_yaml(b"at: 2026-03-02T10:00:00+05:00", "x") == {"at": "2026-03-02T10:00:00+05:00"}
