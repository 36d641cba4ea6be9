"""The same search on the real engine: whole `pulumi up`s of random programs on two accounts, with kills of the plugin.

A search lasts `SEARCH_SECONDS` (30). `SEARCH_SEED` repeats one: its steps are the same, though not to the millisecond.
engine_story.py makes things happen; from what was seen of each run alone, judging.py tells what it broke.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plusofon_pulumi.sandbox import Sandbox
from tests.e2e.harness import Project, make_blank
from tests.model import SEED
from tests.model.engine_story import Account, Story
from tools.engine import engine_folder

SECONDS = float(os.environ.get("SEARCH_SECONDS") or 30)


@pytest.fixture(scope="session")
def engine() -> Path:
    # For the session, for a test has another home.
    return engine_folder()


@pytest.fixture
def story(tmp_path: Path, engine: Path) -> Iterator[Story]:
    blank = tmp_path / "blank"
    blank.mkdir()
    make_blank(blank, engine)
    with Sandbox() as first, Sandbox() as second:
        project = Project(
            tmp_path / "project", blank, engine, {"PLUSOFON_TOKEN": first.token, "PLUSOFON_BASE_URL": first.url}
        )
        accounts = [
            Account(first, ("a", "b", "c", "d"), ("v", "w")),
            Account(second, ("e", "f", "g"), ("x", "y"), "second"),
        ]
        yield Story(project, accounts, random.Random(SEED))


# What a search must have reached to be worth something, if it was long enough for what comes by chance.
OWED = dict.fromkeys(
    ("opened", "closed", "failed", "lists seen", "converged", "killed", "faults of a write", "owner"), 1
)
LONG = 200


@pytest.mark.e2e
@pytest.mark.first
@pytest.mark.timeout(SECONDS + 500)
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the plugin is found by its command line in /proc")
def test_no_history_of_whole_runs_breaks_an_invariant(story: Story) -> None:
    end = time.monotonic() + SECONDS
    for _ in range(6):
        story.edit()
    while time.monotonic() < end:
        story.step()
    granted = story.accounts[0].ledger.granted + story.accounts[1].ledger.granted
    print(f"SEARCH_SEED={SEED}: {dict(story.counts)}; exceptions needed: {dict(granted)}")  # noqa: T201  # what it did
    owed = {"runs": 1} | (OWED if SECONDS >= LONG else {})
    assert {name: story.counts[name] for name, number in owed.items() if story.counts[name] < number} == {}
