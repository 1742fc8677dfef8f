"""One API for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.api import Api, running_api


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running_api() as api:
        yield api


@pytest.fixture(scope="session")
def attacks() -> Path:
    """Bodies that must be refused."""
    return Path(__file__).resolve().parents[1] / "data" / "attacks" / "forms"
