"""Make a virtual environment with this project and what its development needs: `environment.py FOLDER [--oldest]`.

Its Python is the newest supported one that this machine has; with `--oldest`, the oldest, and its packages are, too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))  # run as a script, before anything is installed

from tools import group  # noqa: E402  # see above
from tools.stopping import Stopped, stop_on_signals  # noqa: E402  # see above

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHONS = tuple((3, minor) for minor in range(10, 15))
OLDEST_PACKAGES = ("pulumi==3.216.0", "requests==2.31.0")
# What that requests works with, too, and what keeps answers and connections otherwise than its successor.
OLDEST_URLLIB3 = "urllib3==1.26.20"


def main() -> int:
    """Make the environment; return the exit code."""
    parser = argparse.ArgumentParser(description="Make a virtual environment for the development of this project.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--oldest", action="store_true", help="the oldest supported versions")
    parser.add_argument("--python", help="the Python to take (default: the newest that there is, or the oldest)")
    arguments = parser.parse_args()
    python = arguments.python or find_python(PYTHONS if arguments.oldest else PYTHONS[::-1])
    if python is None:
        print("error: no Python of 3.10 to 3.14 was found on PATH, nor one of pyenv (make PYTHON=…).", file=sys.stderr)
        return 1
    stop_on_signals()
    try:
        make(arguments.folder.resolve(), python, oldest=arguments.oldest)
    except subprocess.CalledProcessError as error:
        print(f"error: {' '.join(map(str, error.cmd))} failed (exit {error.returncode}).", file=sys.stderr)
        return 1
    except Stopped as stopped:
        return stopped.exit_code
    return 0


def make(folder: Path, python: str, *, oldest: bool) -> None:
    """Make the environment anew; the file `installed` in it is the sign that it is whole."""
    print(f"Making {folder} with {python} …", file=sys.stderr, flush=True)
    # Made anew: what is there may be of another Python, or hold what is needed no more.
    run([python, "-m", "venv", "--clear", folder])
    # The pip that comes with Python 3.10 knows no dependency groups.
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--upgrade", "pip>=25.1"])
    wanted = ["--group", "test", *OLDEST_PACKAGES, OLDEST_URLLIB3] if oldest else ["--group", "dev"]
    run([*pip, "--editable", ".", *wanted])
    (folder / "installed").touch()


def run(command: Sequence[str | Path]) -> None:
    """Run a command in a session of its own: whatever ends us ends it too, with all that it has started."""
    with group.started(command, cwd=CHECKOUT) as process:
        code = process.wait()
    if code != 0:
        raise subprocess.CalledProcessError(code, command)


def find_python(versions: Sequence[tuple[int, int]]) -> str | None:
    """Find a Python of the first of these versions that really runs here."""
    for major, minor in versions:
        on_path = [Path(folder, f"python{major}.{minor}") for folder in os.get_exec_path()]
        of_pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{major}.{minor}.*/bin/python"))
        for candidate in (*on_path, *of_pyenv):
            if _is_python(candidate, (major, minor)):
                return str(candidate)
    return None


def _is_python(candidate: Path, version: tuple[int, int]) -> bool:
    """Tell by running it: a version manager's shim may be there for a Python that is not."""
    program = f"import sys, ensurepip; sys.exit(sys.version_info[:2] != {version})"
    try:
        return subprocess.run([candidate, "-c", program], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
