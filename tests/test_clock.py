"""Times as texts, there and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kt_flows.clock import from_text, to_text


def test_a_time_is_in_utc() -> None:
    moment = from_text("2026-03-02T10:00:00+05:00")
    assert (moment, moment.tzinfo, to_text(moment)) == (
        datetime(2026, 3, 2, 5, tzinfo=UTC),
        UTC,
        "2026-03-02T05:00:00Z",
    )


@pytest.mark.parametrize(
    "text", ["", "now", "2026-03-02T10:00:00", "2026-02-30T10:00:00Z", "0001-01-01T00:00:00+05:00"]
)
def test_a_text_that_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_text(text)
