"""Mail texts: read strictly, rendered on one subject line."""

from __future__ import annotations

import pytest

from kt_flows.engine.expression import ExpressionError
from kt_flows.engine.text import read_text
from kt_flows.errors import DiagramError

TYPES = {"name": "string", "appeal_id": "string"}


def test_a_text_is_rendered() -> None:
    text = read_text(
        "Subject: Обращение ${appeal_id}\n\nЗдравствуйте, ${name}!\n\nВсё.\n\n\n".encode(), "m.ru.txt", TYPES
    )
    values = {"appeal_id": "A-1", "name": "Айгуль"}
    assert text.render(values) == ("Обращение A-1", "Здравствуйте, Айгуль!\n\nВсё.\n")


def test_windows_lines_and_a_byte_order_mark_are_taken() -> None:
    text = read_text("\ufeffSubject: Тема\r\n\r\nПервая\r\nвторая\r\n".encode(), "m.ru.txt", TYPES)
    assert text.render({}) == ("Тема", "Первая\nвторая\n")


def test_a_subject_stays_on_one_line() -> None:
    text = read_text(b"Subject: ${name}\n\nx", "m.ru.txt", TYPES)
    subject, _ = text.render({"name": "a\r\nBcc: everybody@example.com\x07\u2028b"})
    assert subject == "a Bcc: everybody@example.com b"


def test_a_value_that_is_not_set_is_an_error_and_no_empty_word() -> None:
    text = read_text(b"Subject: ${name}\n\n${name}", "m.ru.txt", TYPES)
    with pytest.raises(ExpressionError, match="name"):
        text.render({})


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"no subject\n\nbody", 1),
        (b"Subject: a\nX-Other: b\n\nbody", 1),
        (b"Subject: a", 1),
        (b"Subject: a\n\n  \n", 1),
        (b"Subject: ${misspelt}\n\nbody", 1),
        (b"Subject: a\n\n${misspelt}", 3),
        (b"Subject: a\n\nbody\n\nmore ${misspelt}", 5),
        (b"Subject: a\n\nbody ${name", 3),
        ("Subject: тема\n\nтекст".encode("cp1251"), 1),
    ],
)
def test_a_mistake_is_named_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(DiagramError) as caught:
        read_text(data, "mail/m.ru.txt", TYPES)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.file, finding.line) == ("mail-text", "mail/m.ru.txt", line)
