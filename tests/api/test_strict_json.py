"""What the JSON door lets in, and how it names what it does not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from kt_flows.api.strict_json import Malformed, read_json
from kt_flows.errors import InvalidValues

ATTACKS = Path(__file__).resolve().parents[1] / "data" / "attacks" / "forms"


def fault(raw: bytes) -> tuple[str, str]:
    with pytest.raises(InvalidValues) as refused:
        read_json(raw)
    (one,) = refused.value.errors
    return one.field, one.code


@pytest.mark.parametrize(
    "value", [{}, [], None, "Алматы 💬", {"a": [1, 1.5, -2, True, None, {"b": "\u202e"}]}, 2**63 - 1]
)
def test_what_json_means_comes_in(value: object) -> None:
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("raw", "field", "code"),
    [
        (b'{"a": {"b": [1, NaN]}}', "a.b[1]", "number"),
        (b'{"a": Infinity}', "a", "number"),
        (b'{"a": 1e999}', "a", "number"),
        (b'{"a": 9223372036854775808}', "a", "number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "", "number"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "b.c", "duplicate"),
        (b'{"a": "x\\u0000y"}', "a", "character"),
        (b'{"a": ["\\ud800"]}', "a[0]", "character"),
        (b'{"a\\u0000": 1}', "", "character"),
        (b"[" * 40 + b"]" * 40, "[0]" * 32, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "", "too_deep"),
        (json.dumps({f"k{n}": 1 for n in range(501)}).encode(), "", "too_many"),
    ],
)
def test_what_is_no_value_is_named(raw: bytes, field: str, code: str) -> None:
    assert fault(raw) == (field, code)


def test_all_names_together_are_counted() -> None:
    assert fault(json.dumps([{f"k{n}": 1 for n in range(500)}] * 21).encode())[1] == "too_many"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"{'a': 1}", b'{"a": "\xff"}', '{"a": 1}'.encode("utf-16"), b"\xef\xbb\xbf{}", b'{"a": 1} x']
)
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read_json(raw)


def test_half_a_pair_is_refused_and_a_whole_one_is_not() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "😀"


def test_a_large_hostile_body_is_refused_within_a_second() -> None:
    started = time.monotonic()
    for raw in (b"[" * 1_000_000, b'{"a":' * 170_000, b'{"' + b"a" * 1_000_000 + b'": NaN}', b"1" * 1_000_000):
        with pytest.raises((Malformed, InvalidValues)):
            read_json(raw)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("name", sorted(path.name for path in ATTACKS.glob("*.json")))
def test_the_attack_bodies(name: str) -> None:
    """Well-formed ones come in as data: their names and types are the form's to refuse (test_forms_at_the_door)."""
    raw = (ATTACKS / name).read_bytes()
    if name in ("expression_smuggling.json", "reserved_names.json", "wrong_types.json"):
        assert isinstance(read_json(raw), dict)
        return
    with pytest.raises((Malformed, InvalidValues)):
        read_json(raw)
