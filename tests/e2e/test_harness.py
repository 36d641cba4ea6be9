"""The harness where its own logic could hide a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.harness import processes_that_know

if TYPE_CHECKING:
    from tests.e2e.conftest import MakeProject


def test_a_run_that_hangs_fails_and_leaves_no_process(make_project: MakeProject) -> None:
    project = make_project("import time\ntime.sleep(600)")
    with pytest.raises(AssertionError, match="it hung"):
        project.run("preview", seconds=5)
    assert processes_that_know(project.folder) == []
