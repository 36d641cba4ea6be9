"""How tests wait for what another thread or process does: for the event itself, and never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

# How long a test waits for what must come, in seconds; reached only by a test that fails. A run of the engine may have
# the client's time-out to wait for, and the look after it.
PATIENCE = 100.0


def until(happened: Callable[[], object]) -> None:
    """Return once something has happened; fail where it does not."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
