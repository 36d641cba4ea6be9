"""The same search on the real engine: whole `pulumi up`s of random programs on two accounts, with kills of the plugin.

A search lasts `SEARCH_SECONDS` (30). `SEARCH_SEED` repeats one: its steps are the same, though not to the millisecond.
engine_story.py makes things happen; from what was seen of each run alone, judging.py tells what it broke.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project
from tests.model import SEED
from tests.model.engine_story import Account, Story

SECONDS = float(os.environ.get("SEARCH_SECONDS") or 30)


# What a search must have reached to be worth something, if it was long enough for what comes by chance.
OWED = ("open", "close", "failed", "converged", "killed", "faults of PUT", "faults of DELETE", "owner")
LONG = 200


@pytest.mark.e2e
@pytest.mark.first
@pytest.mark.timeout(SECONDS + 500)
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the plugin is found by its command line in /proc")
def test_no_history_of_whole_runs_breaks_an_invariant(project: Project, sandbox: Sandbox, other: Sandbox) -> None:
    first = Account(sandbox, ("a", "b", "c", "d"), ("v", "w"))
    second = Account(other, ("e", "f", "g"), ("x", "y"), "second")
    story = Story(project, [first, second], random.Random(SEED))
    end = time.monotonic() + SECONDS
    for _ in range(6):
        story.edit()
    while time.monotonic() < end:
        story.step()
    granted = first.ledger.granted + second.ledger.granted
    print(f"SEARCH_SEED={SEED}: {dict(story.counts)}; exceptions needed: {dict(granted)}")  # noqa: T201  # what it did
    assert [name for name in ("runs", *(OWED if SECONDS >= LONG else ())) if not story.counts[name]] == []
