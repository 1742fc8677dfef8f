"""A running sandbox, a clock that stands still, and settings that point at the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kt_flows.clock import FixedClock
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.settings import Settings
from support.outside import T0

SECRET = "a-secret-of-the-tests-that-is-long-enough"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(T0)


@pytest.fixture
def sandbox(tmp_path: Path, clock: FixedClock) -> Iterator[Sandbox]:
    with Sandbox(tmp_path, clock) as running:
        yield running


@pytest.fixture
def settings(sandbox: Sandbox) -> Settings:
    return Settings(mode="sandbox", secret=SECRET, **sandbox.settings())
