"""A folder becomes one definition or a list of findings; its digest says what runs."""

from __future__ import annotations

import pytest

from kt_flows.engine.definition import digest_of, is_drawing, read_definition
from kt_flows.errors import DiagramError, Finding
from support.processes import chain, end, human, package, service, start

FORM = [{"type": "textfield", "key": "note", "id": "f1", "label": "Заметка"}]


def folder() -> dict[str, bytes]:
    body = start() + human("review", "staff", form="review")
    body += service("tell", "email.send", {"to": "a@b.example", "template": "told", "who": "x"})
    body += end() + chain("start", "review", "tell", "end")
    files = package("loan", body, variables={"note": "string"}, forms={"review": FORM})
    found = {name.removeprefix("loan/"): data for name, data in files.items()}
    found["mail/told.ru.txt"] = "Subject: О займе\n\nДля ${who}: ${note}".encode()
    return found


def refused(files: dict[str, bytes]) -> list[Finding]:
    with pytest.raises(DiagramError) as caught:
        read_definition(files)
    return list(caught.value.findings)


def test_a_whole_folder() -> None:
    definition = read_definition(folder())
    assert definition.key == "loan"
    assert set(definition.forms) == {"review"}
    assert definition.texts["told"]["ru"].render({"who": "x", "note": "y"}) == ("О займе", "Для x: y\n")
    assert definition.start_form is None


def test_the_digest_is_of_what_runs() -> None:
    files = folder()
    before = digest_of(files)
    assert digest_of({**files, "scenarios/a.yaml": b"x"}) == before
    assert digest_of(dict(reversed(files.items()))) == before
    assert digest_of({**files, "mail/told.ru.txt": b"Subject: x\n\ny"}) != before
    assert digest_of({**files, "mail/told.kk.txt": files["mail/told.ru.txt"]}) != before


@pytest.mark.parametrize(
    "name",
    [
        "run.py",
        "forms/a.json",
        "mail/told.de.txt",
        "mail/told.txt",
        "mail/x/told.ru.txt",
        "more/x.md",
        "scenarios/a.txt",
    ],
)
def test_a_file_that_is_never_read_is_refused(name: str) -> None:
    (finding,) = refused({**folder(), name: b""})
    assert (finding.rule, finding.file) == ("package", name)


def test_missing_parts_are_named() -> None:
    files = folder()
    del files["forms/review.form"], files["mail/told.ru.txt"]
    assert {(one.rule, one.element_id) for one in refused(files)} == {("form", "review"), ("mail-text", "tell")}
    del files["process.yaml"]
    assert [one.rule for one in refused(files)] == ["package"]


def test_a_broken_form_is_told_once() -> None:
    assert {one.file for one in refused({**folder(), "forms/review.form": b"{"})} == {"forms/review.form"}


def test_a_form_by_another_name() -> None:
    files = folder()
    files["forms/other.form"] = files.pop("forms/review.form")
    assert [(one.rule, one.file) for one in refused(files)] == [("form", "forms/other.form")]


def test_a_text_sees_only_what_every_sender_gives() -> None:
    files = folder()
    more = service("tell_again", "email.send", {"to": "a@b.example", "template": "told"})
    files["process.bpmn"] = files["process.bpmn"].replace(b"<bpmn:endEvent", more.encode() + b"<bpmn:endEvent", 1)
    (finding,) = refused(files)
    assert (finding.rule, finding.file, finding.line) == ("mail-text", "mail/told.ru.txt", 3)
    assert "who" in finding.message


def test_a_text_without_its_russian() -> None:
    files = folder()
    files["mail/told.kk.txt"] = files.pop("mail/told.ru.txt")
    assert [(one.rule, one.file) for one in refused(files)] == [("mail-text", "mail/told.kk.txt")]


def test_a_form_field_is_a_declared_variable() -> None:
    files = folder()
    files["process.yaml"] = files["process.yaml"].replace(b"note", b"memo")
    assert {one.rule for one in refused(files)} == {"variable", "mail-text"}
    files = folder()
    files["process.yaml"] = files["process.yaml"].replace(b"type: string", b"type: bool")
    assert {one.rule for one in refused(files)} >= {"type"}


def test_everything_is_told_at_once() -> None:
    files = folder()
    files["process.bpmn"] = files["process.bpmn"].replace(b'candidateGroups="staff"', b'asyncBefore="true"')
    files["mail/told.ru.txt"] = "Subject: О займе\n\nДля ${whom}".encode()
    assert {one.rule for one in refused(files)} == {"attribute", "missing-candidate-group", "mail-text"}


def test_a_drawing_has_no_process() -> None:
    assert is_drawing({"overview.bpmn": b"<bpmn:definitions/>"})
    assert not is_drawing(folder())
    assert not is_drawing({"README.md": b""})
