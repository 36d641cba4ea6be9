"""The checkout that the tests are in: a clone, or an unpacked sdist."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def project_files(*under: str) -> set[str]:
    """Return the files that are, or are about to be, in version control.

    An unpacked sdist has none: there, it is what would be taken into a new one, which is made elsewhere.
    """
    git: list[str | Path] = ["git"]
    with tempfile.TemporaryDirectory() as new:
        if not (CHECKOUT / ".git").exists():
            git += ["--git-dir", new, "--work-tree", CHECKOUT]
            _run(*git, "init", "--quiet")
        listed = _run(*git, "ls-files", "--cached", "--others", "--exclude-standard", "-z", *under)
    # The sdist's own metadata are made anew with each.
    return {name for name in listed.split("\0") if (CHECKOUT / name).is_file()} - {"PKG-INFO"}


def _run(*command: str | Path) -> str:
    return subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
