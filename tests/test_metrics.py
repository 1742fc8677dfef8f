"""Every figure stands on its page, and the dashboard and the alarms ask for none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kt_flows.api.ops import _gauges
from kt_flows.metrics import REGISTRY
from kt_flows.store.figures import Figures

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
HISTOGRAM = re.compile(r"_(bucket|count|sum)$")


def known() -> set[str]:
    figures = Figures({}, 0.0, 0, {}, 0, {}, {})
    counted = {family.name for family in REGISTRY.collect() if family.name.startswith("kt_flows")}
    return counted | {name for name, *_ in _gauges(figures)}


def test_the_page_names_every_metric_and_no_other() -> None:
    assert set(re.findall(r"^\| `(kt_flows_\w+)` \|", PAGE, re.MULTILINE)) == known()


@pytest.mark.parametrize("file", ["grafana/kt-flows.json", "reference/metrics.md"])
def test_what_asks_for_a_metric_asks_for_one_that_is_there(file: str) -> None:
    asked = {HISTOGRAM.sub("", name) for name in re.findall(r"kt_flows_\w+", (ROOT / "docs" / file).read_text())}
    assert asked
    assert asked <= known()
