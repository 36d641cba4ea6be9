"""Make a virtual environment with this project and its development tools: `environment.py FOLDER [--oldest]`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))  # run as a script, before anything is installed

from tools import isolated  # noqa: E402  # see above

PYTHONS = tuple((3, minor) for minor in range(10, 15))
# urllib3 1 is the oldest that this requests accepts, and keeps connections differently from urllib3 2.
OLDEST_PACKAGES = ("pulumi==3.216.0", "requests==2.31.0", "urllib3==1.26.20")


def main() -> None:
    """Make the environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--oldest", action="store_true", help="the oldest supported Python and packages")
    parser.add_argument("--python", help="the Python to use (default: the newest one, or the oldest)")
    arguments = parser.parse_args()
    python = arguments.python or find_python(PYTHONS if arguments.oldest else PYTHONS[::-1])
    if python is None:
        sys.exit("error: no Python 3.10 to 3.14 on PATH or in ~/.pyenv (or say which: make PYTHON=…)")
    isolated.stop_on_signals()
    make(arguments.folder.resolve(), python, oldest=arguments.oldest)


def make(folder: Path, python: str, *, oldest: bool) -> None:
    """Make the environment from scratch; the file `installed` in it marks it as complete."""
    print(f"Making {folder} with {python} …", file=sys.stderr, flush=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [python, "-m", "venv", "--clear", str(folder)],
        [*pip, "--upgrade", "pip>=25.1"],  # Python 3.10's own pip does not know dependency groups
        [*pip, "--editable", ".", "--group", *(("test", *OLDEST_PACKAGES) if oldest else ("dev",))],
    ):
        with isolated.started(command, CHECKOUT, os.environ) as process:
            code = process.wait()
        if code != 0:
            sys.exit(f"error: {' '.join(command)} failed (exit {code})")
    (folder / "installed").touch()


def find_python(versions: Sequence[tuple[int, int]]) -> str | None:
    """Return a Python of the first of these versions that runs here: a version manager's shim may not."""
    for major, minor in versions:
        on_path = [Path(folder, f"python{major}.{minor}") for folder in os.get_exec_path()]
        of_pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{major}.{minor}.*/bin/python"))
        program = f"import sys, ensurepip; sys.exit(sys.version_info[:2] != {major, minor})"
        for candidate in (*on_path, *of_pyenv):
            if candidate.exists() and subprocess.run([candidate, "-c", program], check=False).returncode == 0:
                return str(candidate)
    return None


if __name__ == "__main__":
    main()
