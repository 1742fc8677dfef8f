"""One sandbox site for the tests that do not break it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.service import Service, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("site")) as site:
        yield site
