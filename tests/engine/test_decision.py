"""Decision tables: how they decide, and what is refused before they ever do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kt_flows.engine.decision import Decision, DecisionError, read_decisions
from kt_flows.engine.expression import ExpressionError
from kt_flows.errors import DiagramError, Finding
from support.dmn import dmn, table

TYPES = {
    "service": "string",
    "hours": "int",
    "share": "double",
    "breached": "bool",
    "appeal_at": "timestamp",
    "left": "duration",
    "answer": "map",
}


def read(*decisions: str, **more: Any) -> Decision:
    return next(iter(read_decisions(dmn(*decisions, **more), "t.dmn", TYPES).values()))


def refused(data: bytes) -> list[Finding]:
    with pytest.raises(DiagramError) as caught:
        read_decisions(data, "t.dmn", TYPES)
    return list(caught.value.findings)


SERVICES = [['"ott"', "-", '"a"', "1"], ['"idtv"', "> 5", '"b"', "2"], ["-", "-", '"c"', "hours + 1"]]
COLUMNS = [("service", "string"), ("hours", "integer")]
ANSWERS = [("group", "string"), ("n", "integer")]


def test_first_takes_the_first_row_that_matches() -> None:
    decision = read(table(COLUMNS, ANSWERS, SERVICES, "FIRST"))
    outcome = decision.decide({"service": "idtv", "hours": 6})
    assert outcome.results == ({"group": "b", "n": 2},)
    assert outcome.rules == ("table_r2",)
    assert outcome.annotations == ("row 2",)
    assert outcome.inputs == {"service": "idtv", "hours": 6}
    assert decision.decide({"service": "idtv", "hours": 5}).results == ({"group": "c", "n": 6},)
    assert decision.decide({"service": "ott"}).mapped("singleResult") == {"group": "a", "n": 1}
    assert decision.names == {"service", "hours"}


def test_unique_with_two_rows_is_an_error_that_names_both() -> None:
    decision = read(table(COLUMNS, ANSWERS, SERVICES))
    with pytest.raises(DecisionError, match=r"строка 1 \(table_r1\), строка 3 \(table_r3\)"):
        decision.decide({"service": "ott", "hours": 1})
    assert decision.decide({"service": "x", "hours": 1}).mapped("resultList") == [{"group": "c", "n": 2}]


def test_any_takes_agreeing_rows_and_names_those_that_do_not_agree() -> None:
    rows = [["> 1", '"a"'], ["> 2", '"a"'], ["> 3", '"b"']]
    decision = read(table([("hours", "integer")], [("group", "string")], rows, "ANY"))
    assert decision.decide({"hours": 3}).mapped("singleEntry") == "a"
    with pytest.raises(DecisionError, match=r"строка 1 \(table_r1\) и строка 3 \(table_r3\)"):
        decision.decide({"hours": 4})


def test_rule_order_and_collect_take_all_rows() -> None:
    rows = [["> 1", '"a"'], ["> 2", '"b"'], ["> 9", '"c"']]
    for policy in ("RULE ORDER", "COLLECT"):
        outcome = read(table([("hours", "integer")], [("group", "string")], rows, policy)).decide({"hours": 3})
        assert outcome.mapped("collectEntries") == ["a", "b"]
        with pytest.raises(DecisionError, match="нужен один ответ"):
            outcome.mapped("singleEntry")
        with pytest.raises(DecisionError, match="нужен один ответ"):
            outcome.mapped("singleResult")


@pytest.mark.parametrize(
    ("aggregation", "some", "none"), [("SUM", 6, None), ("MIN", 1, None), ("MAX", 3, None), ("COUNT", 3, 0)]
)
def test_collect_aggregates(aggregation: str, some: int, none: int | None) -> None:
    rows = [["> 1", "1"], ["> 1", "2"], ["> 1", "3"], ["> 9", "50"]]
    more = f'aggregation="{aggregation}"'
    decision = read(table([("hours", "integer")], [("n", "integer")], rows, "COLLECT", more=more))
    assert decision.decide({"hours": 5}).mapped("singleEntry") == some
    assert decision.decide({"hours": 0}).mapped("singleEntry") == none


def test_an_aggregate_of_texts_and_nulls_is_an_error() -> None:
    rows = [["-", "null"], ["-", "2"]]
    decision = read(table([("hours", "integer")], [("n", "integer")], rows, "COLLECT", more='aggregation="SUM"'))
    with pytest.raises(DecisionError, match="SUM"):
        decision.decide({})


def test_no_row_gives_nothing() -> None:
    outcome = read(table([("hours", "integer")], [("n", "integer")], [["> 1", "1"]])).decide({"hours": 0})
    assert (outcome.results, outcome.rules) == ((), ())
    assert [outcome.mapped(mode) for mode in ("singleEntry", "singleResult", "collectEntries", "resultList")] == [
        None,
        None,
        [],
        [],
    ]


def test_a_null_row_takes_what_is_not_known_yet() -> None:
    """The shape of scheme 3's routing: four rows, and one that asks."""
    rows = [
        ["true", "true", '"both"'],
        ["true", "false", '"inform"'],
        ["false", "true", '"register"'],
        ["false", "false", '"transfer"'],
        ["null", "-", '"ask"'],
        ["not(null)", "null", '"ask"'],
    ]
    columns = [("breached", "boolean"), ("answer.problem", "boolean")]
    decision = read(table(columns, [("route", "string")], rows))
    for has, problem, route in (
        (True, False, "inform"),
        (None, True, "ask"),
        (False, None, "ask"),
        (None, None, "ask"),
    ):
        outcome = decision.decide({"breached": has, "answer": {"problem": problem}})
        assert outcome.mapped("singleEntry") == route
    assert decision.findings() == []


def test_times_and_lengths_are_compared_as_such() -> None:
    rows = [['< date and time("2026-03-02T10:00:00+05:00")', '< duration("PT1H")', '"early"'], ["-", "-", '"late"']]
    columns = [("appeal_at", "dateTime"), ("left", "dayTimeDuration")]
    decision = read(table(columns, [("when", "string")], rows, "FIRST"))
    assert decision.decide({"appeal_at": "2026-03-02T04:59:59Z", "left": "PT30M"}).mapped("singleEntry") == "early"
    assert decision.decide({"appeal_at": "2026-03-02T05:00:00Z", "left": "PT30M"}).mapped("singleEntry") == "late"
    assert decision.decide({}).mapped("singleEntry") == "late"


def test_an_output_keeps_its_columns_type() -> None:
    outputs = [
        ("a", "double"),
        ("b", "number"),
        ("c", "boolean"),
        ("d", "dayTimeDuration"),
        ("e", "any"),
        ("f", "list"),
    ]
    rows = [["-", "24", "24", "breached", 'duration("24h")', '{"x": [1]}', '["g1", "g2"]'], ["-"] + [""] * 6]
    decision = read(table([("hours", "integer")], outputs, rows, "COLLECT"))
    first, second = decision.decide({}).results
    assert first == {"a": 24.0, "b": 24, "c": None, "d": "PT86400S", "e": {"x": [1]}, "f": ["g1", "g2"]}
    assert isinstance(first["a"], float)
    assert isinstance(first["b"], int)
    assert set(second.values()) == {None}


def test_a_cell_that_fails_is_an_expression_error() -> None:
    decision = read(table([("answer.n", "integer")], [("n", "integer")], [["> 1", "1"]]))
    with pytest.raises(ExpressionError):
        decision.decide({"answer": {"n": "many"}})
    with pytest.raises(ExpressionError):
        decision.decide({"answer": {}})


ROUTES = '<outputValues><text>"stop", "call", "wait"</text></outputValues></output>'


def ranked(rows: list[list[str]], policy: str) -> Decision:
    text = table([("hours", "integer")], [("do", "string"), ("n", "integer")], rows, policy)
    return read(text.replace('name="do" typeRef="string" />', f'name="do" typeRef="string">{ROUTES}'))


def test_priority_takes_the_most_important_answer() -> None:
    rows = [
        ["> 1", '"wait"', "1"],
        ["> 2", '"call"', "2"],
        ["> 2", '"call"', "3"],
        ["> 3", '"stop"', "4"],
        ["9", "", "5"],
    ]
    decision = ranked(rows, "PRIORITY")
    for hours, do, n in ((2, "wait", 1), (3, "call", 2), (4, "stop", 4), (9, "stop", 4)):
        outcome = decision.decide({"hours": hours})
        assert outcome.mapped("singleResult") == {"do": do, "n": n}
        assert outcome.rules == (f"table_r{n}",)
    assert decision.decide({"hours": 0}).mapped("singleResult") is None
    outcome = ranked(rows, "OUTPUT ORDER").decide({"hours": 9})
    assert [one["n"] for one in outcome.mapped("resultList")] == [4, 2, 3, 1, 5]
    assert outcome.rules == ("table_r4", "table_r2", "table_r3", "table_r1", "table_r5")


def test_an_answer_is_one_of_its_columns_values() -> None:
    with pytest.raises(DiagramError) as caught:
        ranked([["-", '"run"', "1"]], "FIRST")
    assert [(one.rule, one.element_id) for one in caught.value.findings] == [("dmn-cell", "table_r1")]
    decision = ranked([["-", "service", "1"]], "FIRST")
    assert decision.decide({"service": "call"}).mapped("singleEntry") == "call"
    assert decision.decide({}).mapped("singleEntry") is None
    with pytest.raises(DecisionError, match="'run' нет среди значений do"):
        decision.decide({"service": "run"})


@pytest.mark.parametrize("listed", ['not("a")', "> 5", "service", '"a" "b"'])
def test_a_list_of_answers_that_is_none(listed: str) -> None:
    text = table([], [("n", "string")], [['"a"']], "PRIORITY")
    values = f'typeRef="string"><outputValues><text>{listed.replace("<", "&lt;")}</text></outputValues></output>'
    assert refused(dmn(text.replace('typeRef="string" />', values)))[0].rule == "dmn-output"


def requires(decision: str, *ids: str) -> str:
    links = "".join(
        f'<informationRequirement><requiredDecision href="#{id}"/></informationRequirement>' for id in ids
    )
    return decision.replace("<decisionTable", f"{links}<decisionTable", 1)


CLASS = table(
    [("service", "string")], [("kind", "string")], [['"ott"', '"tv"'], ["-", '"other"']], "FIRST", id="kind"
)
ALL_GROUPS = table(
    [("hours", "integer")], [("group", "string")], [["> 1", '"a"'], ["> 2", '"b"']], "COLLECT", id="groups"
)
SUM = 'aggregation="SUM"'
TWICE = [["> 1", "1"], ["> 2", "1"]]
HOW_MANY = table([("hours", "integer")], [("many", "integer")], TWICE, "COLLECT", id="sum", more=SUM)


def test_what_is_required_is_decided_first() -> None:
    top = table(
        [("kind", "string"), ("size(group)", "integer"), ("many", "integer")],
        [("route", "string")],
        [['"tv"', "2", "2", 'kind + "/" + string(many)'], ["-", "-", "-", '"none"']],
        "FIRST",
        id="top",
    )
    found = read_decisions(dmn(requires(top, "kind", "groups", "sum"), CLASS, ALL_GROUPS, HOW_MANY), "t.dmn", TYPES)
    decision = found["top"]
    outcome = decision.decide({"service": "ott", "hours": 3})
    assert outcome.mapped("singleEntry") == "tv/2"
    assert outcome.required["kind"].rules == ("kind_r1",)
    assert outcome.required["groups"].mapped("collectEntries") == ["a", "b"]
    assert decision.decide({"service": "ott"}).mapped("singleEntry") == "none"
    assert decision.names == {"service", "hours"}
    assert [one.id for one in decision.with_required()] == ["top", "kind", "groups", "sum"]


def test_what_two_require_is_decided_once() -> None:
    """A diamond of twenty floors would be a million decisions otherwise."""
    floors = [table([("hours", "integer")], [("v0", "integer")], [["-", "1"]], id="d0")]
    for n in range(1, 21):
        parts = []
        for side in "lr":
            one = table(
                [(f"v{n - 1}", "integer")], [(f"{side}{n}", "integer")], [["-", f"v{n - 1}"]], id=f"{side}{n}"
            )
            parts.append(requires(one, f"d{n - 1}"))
        both = table([(f"l{n}", "integer")], [(f"v{n}", "integer")], [["-", f"l{n} + r{n}"]], id=f"d{n}")
        floors += [*parts, requires(both, f"l{n}", f"r{n}")]
    decision = read_decisions(dmn(*reversed(floors)), "t.dmn", TYPES)["d20"]
    outcome = decision.decide({"hours": 1})
    assert outcome.mapped("singleEntry") == 2**20
    assert len(outcome.required) == 60
    assert decision.names == {"hours"}


@pytest.mark.parametrize(
    ("decisions", "said"),
    [
        ([requires(CLASS, "elsewhere")], "решения #elsewhere в файле нет"),
        ([requires(CLASS, "kind")], "решения требуют друг друга: kind"),
        ([requires(CLASS, "groups"), requires(ALL_GROUPS, "kind")], "решения требуют друг друга"),
        ([CLASS.replace('"kind" typeRef', '"hours" typeRef'), requires(ALL_GROUPS, "kind")], "имя hours"),
        ([CLASS, CLASS.replace("kind_", "two_").replace('id="kind"', 'id="two"'),
          requires(ALL_GROUPS, "kind", "two")], "имя kind"),
        ([table([("misspelt", "string")], [("kind", "string")], [["-", '"a"']], id="kind"),
          requires(ALL_GROUPS, "kind")], "misspelt"),
        ([requires(table([("kind", "integer")], [("n", "string")], [["1", '"a"']]), "kind"), CLASS], "kind"),
    ],
)  # fmt: skip
def test_a_requirement_that_cannot_be(decisions: list[str], said: str) -> None:
    assert any(said in one.message for one in refused(dmn(*decisions)))


def test_more_decisions_than_anybody_draws() -> None:
    many = [table([], [("n", "integer")], [["1"]], id=f"d{n}") for n in range(101)]
    assert [one.rule for one in refused(dmn(*many))] == ["budget"]


def test_more_values_than_anybody_lists() -> None:
    rows = [[", ".join(str(100 * row + n) for n in range(100)), "1"] for row in range(200)]
    allowed, more = (dmn(table([("hours", "integer")], [("n", "integer")], rows[:many])) for many in (90, 200))
    begun = time.process_time()
    read_decisions(allowed, "t.dmn", TYPES)
    between = time.process_time()
    assert [one.rule for one in refused(more)] == ["budget"]
    took, least = time.process_time() - between, between - begun
    assert took < 4 * least, "what is refused costs more than what is read"


def test_a_file_may_hold_several_tables_of_each_dmn_version() -> None:
    tables = [table([], [("n", "integer")], [["1"]], id=id) for id in ("one", "two")]
    for namespace in (
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    ):
        found = read_decisions(dmn(*tables, namespace=namespace), "t.dmn", TYPES)
        assert list(found) == ["one", "two"]
        assert found["two"].decide({}).mapped("singleEntry") == 1


@pytest.mark.parametrize(
    ("decision", "rule", "id", "line"),
    [
        (table(COLUMNS, ANSWERS, SERVICES, "PRIORITY"), "dmn-hit-policy", "table_t", 3),
        (table(COLUMNS, ANSWERS, SERVICES, "OUTPUT ORDER"), "dmn-hit-policy", "table_t", 3),
        (table(COLUMNS, ANSWERS, SERVICES, "FIRST", more='aggregation="SUM"'), "dmn-hit-policy", "table_t", 3),
        (table(COLUMNS, ANSWERS, SERVICES, "COLLECT", more='aggregation="AVG"'), "dmn-hit-policy", "table_t", 3),
        (table(COLUMNS, ANSWERS, SERVICES, "COLLECT", more='aggregation="SUM"'), "dmn-output", "table_t", 3),
        (table([("misspelt", "string")], [("n", "any")], [["-", "1"]]), "expression", "table_in1", 4),
        (table([("hours", "string")], [("n", "any")], [["-", "1"]]), "expression", "table_in1", 4),
        (table([("hours", "float")], [("n", "any")], [["-", "1"]]), "dmn-type", "table_in1", 4),
        (table([("", "string")], [("n", "any")], [["-", "1"]]), "dmn", "table_in1", 4),
        (table([("hours", "integer")], [("n", "integer")], [["-", "1"], ['"a"', "1"]]), "dmn-cell", "table_r2", 12),
        (table([("hours", "integer")], [("n", "integer")], [["1) || (true", "1"]]), "dmn-cell", "table_r1", 8),
        (table([("hours", "integer")], [("n", "integer")], [["-", '"a"']]), "dmn-cell", "table_r1", 9),
        (table([("hours", "integer")], [("n", "integer")], [["-", "misspelt"]]), "dmn-cell", "table_r1", 9),
        (table([("hours", "integer")], [("n", "any")], [["-", "1 / 0"]]), "dmn-cell", "table_r1", 9),
        (table([("hours", "integer")], [("n", "number")], [["-", '"a"']]), "dmn-cell", "table_r1", 9),
        (table([("hours", "integer")], [("n", "any")], [["-", "1", "2"]]), "dmn", "table_r1", 7),
        (table([], [("n", "any"), ("n", "any")], [["1", "1"]]), "dmn-output", "table_out2", 5),
        (table([], [("имя", "any"), ("b", "any")], [["1", "1"]]), "dmn-output", "table_out1", 4),
        (table([], [("n", "any")], []), "dmn", "table_t", 3),
        (table([], [], [[]]), "dmn", "table_t", 3),
        ('<decision id="d" name="d"><literalExpression><text>1</text></literalExpression></decision>', "dmn", "d", 2),
        ("<decision name='d'/>", "dmn", None, 2),
        ('<businessKnowledgeModel id="b"/>', "dmn", "b", 2),
        ("", "dmn", "defs", 1),
        (
            table([], [("n", "any")], [["1"]]).replace("<output ", '<output camunda="x" expressionLanguage="juel" '),
            "dmn",
            "table_out1",
            4,
        ),
        (
            table([], [("n", "any")], [["1"]]).replace(
                ' typeRef="any" />', "><defaultOutputEntry><text>1</text></defaultOutputEntry></output>"
            ),
            "dmn",
            "table_out1",
            4,
        ),
        (
            table([], [("n", "any")], [["1"]]).replace(
                "<decisionTable",
                '<informationRequirement id="q"><requiredDecision href="#x"/></informationRequirement><decisionTable',
            ),
            "dmn",
            "table",
            3,
        ),
    ],
)
def test_a_mistake_is_named_by_element_and_line(decision: str, rule: str, id: str | None, line: int) -> None:
    findings = refused(dmn(decision))
    assert (findings[0].rule, findings[0].element_id, findings[0].line) == (rule, id, line), findings
    assert all(finding.severity == "error" and finding.file == "t.dmn" for finding in findings)


def test_every_mistake_is_told_at_once() -> None:
    rows = [["-", "misspelt"], ['"a"', "1"], ["-", "1"], ["< null", "1"]]
    assert [finding.element_id for finding in refused(dmn(table([("hours", "integer")], [("n", "any")], rows)))] == [
        "table_r1",
        "table_r2",
        "table_r4",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<definitions/>",
        b"not xml",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><definitions/>',
        dmn("<x>"),
        dmn(*[table([], [("n", "any")], [["1"]])] * 2),
        dmn(table([], [("n", "any")], [["1"]] * 1_001)),
    ],
)
def test_what_is_no_dmn_is_refused(data: bytes) -> None:
    assert refused(data)
