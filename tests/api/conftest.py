"""One API for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.api import Api, running_api


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running_api() as api:
        yield api
