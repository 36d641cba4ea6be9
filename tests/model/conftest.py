"""Fixtures of the tests in made-up time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.model.simulation import Clock, simulated


@pytest.fixture
def clock() -> Iterator[Clock]:
    with simulated() as clock:
        yield clock
