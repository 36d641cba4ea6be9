"""Find, build or download the Pulumi engine; as a script, print the folder that holds `pulumi`, and nothing else.

The tests and the demonstration need a real engine also where there is no Pulumi CLI and only package registries answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if not __package__:
    # Run as a script: `tools` is to be found all the same.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tools import group
from tools.stopping import Stopped, signals_held, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = "3.274.1"
# The oldest CLI on PATH that will do: `pulumi import --file` takes dynamic resources since then.
OLDEST_ON_PATH = (3, 254)
OLDEST_GO = (1, 26, 6)
GO_MODULE = f"""\
module engine

go {".".join(map(str, OLDEST_GO))}

require (
	github.com/pulumi/pulumi/pkg/v3 v{VERSION}
	github.com/pulumi/pulumi/sdk/v3 v{VERSION}
)
"""
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
# What must be there beside `pulumi`: the host that runs Python programs, and the script that runs dynamic providers.
LANGUAGE_HOST = "pulumi-language-python"
# Runs one program for the host. The engine's sources bring it, but not the host itself, which is a module of its own.
PROGRAM_RUNNER = "pulumi-language-python-exec"
DYNAMIC_PROVIDER = "pulumi-resource-pulumi-python"
STAND_IN_HOST = Path(__file__).with_name("language_host.py")

WHAT_TO_INSTALL = f"""\
error: no Pulumi engine is to be had here. Do one of these and try again:
  - put the Pulumi CLI, {".".join(map(str, OLDEST_ON_PATH))} or newer, on PATH, as Pulumi's documentation says;
  - put Go, {".".join(map(str, OLDEST_GO))} or newer, on PATH: the engine is then built from its sources."""


class EngineError(Exception):
    """An engine could not be had in one of the ways."""


def main() -> int:
    """Print the folder of the engine; return the exit code."""
    stop_on_signals()
    try:
        print(engine_folder())
    except EngineError as error:
        say(str(error))
        return 1
    except Stopped as stopped:
        return stopped.exit_code
    return 0


def engine_folder() -> Path:
    """Return the folder of a whole engine: the user's own, the cached one, or one that is made now."""
    found = on_path()
    if found:
        return found
    try:
        with _alone(cache_folder()) as cache:
            return cached(cache) or build(cache) or download(cache)
    except OSError as error:
        raise EngineError(f"error: the engine cannot be put into its cache: {error}") from error


def on_path() -> Path | None:
    """Return the folder of the `pulumi` on PATH, if all its parts are there and it is new enough."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return None
    beside = os.pathsep.join([str(Path(pulumi).resolve().parent), os.environ.get("PATH", os.defpath)])
    missing = [part for part in (LANGUAGE_HOST, DYNAMIC_PROVIDER) if not shutil.which(part, path=beside)]
    if missing:
        say(f"{pulumi} is passed over: it comes without {' and '.join(missing)}.")
        return None
    version = version_of(pulumi, "version")
    if version < OLDEST_ON_PATH:
        say(f"{pulumi} is passed over: its version is {'.'.join(map(str, version)) or 'not to be read'}.")
        return None
    return Path(pulumi).parent


def cache_folder() -> Path:
    """Return the folder, outside the checkout, that keeps what was built."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path is to be ignored, says the XDG specification.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "plusofon-pulumi"


def entry_name() -> str:
    """Name the cache entry by the engine's version and by all that we add to it."""
    recipe = GO_MODULE.encode() + STAND_IN_HOST.read_bytes()
    return f"engine-{VERSION}-{hashlib.sha256(recipe).hexdigest()[:8]}"


def cached(cache: Path) -> Path | None:
    """Return the cached engine's folder, if there is one. Only whole entries are ever put there."""
    folder = cache / entry_name() / "bin"
    return folder if folder.is_dir() else None


def build(cache: Path) -> Path | None:
    """Build the engine with Go into the cache; None where Go is missing, too old, or fails."""
    if not shutil.which("go"):
        say("There is no `go` on PATH to build the engine with.")
        return None
    version = version_of("go", "env", "GOVERSION")
    if version < OLDEST_GO:
        say(f"The `go` on PATH is too old to build the engine: {'.'.join(map(str, version))}.")
        return None
    try:
        with _entry_in_making(cache) as making:
            _build_into(making)
    except EngineError as error:
        say(str(error))
        return None
    return cache / entry_name() / "bin"


def _build_into(making: Path) -> None:
    """Fill the folder `bin` of the entry in the making: the CLI, the dynamic provider's script, the stand-in host."""
    work = making / "work"
    scratch = work / "tmp"
    scratch.mkdir(parents=True)
    (work / "go.mod").write_text(GO_MODULE, encoding="utf-8")
    # -mod=mod lets go write the indirect requirements; no workspace of the user's may interfere. What an interrupted go
    # leaves in its scratch folder goes with the entry.
    environment = {**os.environ, "GOWORK": "off", "GO111MODULE": "on", "GOTMPDIR": str(scratch)}
    label = f"Building the Pulumi engine {VERSION} with Go (once; some minutes)"
    stamp = f"-X {SDK_MODULE}/go/common/version.Version={VERSION}"
    target = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    pulumi = str(making / "bin" / "pulumi")
    run(["go", "build", "-mod=mod", "-ldflags", stamp, "-o", pulumi, target], work, environment, label)
    listing = ["go", "list", "-mod=mod", "-m", "-f", "{{.Dir}}", SDK_MODULE]
    sdk = run(listing, work, environment, "Looking for the dynamic provider's script").strip()
    scripts = {
        LANGUAGE_HOST: STAND_IN_HOST,
        PROGRAM_RUNNER: Path(sdk, "python", "cmd", PROGRAM_RUNNER),
        DYNAMIC_PROVIDER: Path(sdk, "python", "dist", DYNAMIC_PROVIDER),
    }
    for name, source in scripts.items():
        shutil.copyfile(source, making / "bin" / name).chmod(0o755)
    shutil.rmtree(work)


def download(cache: Path) -> Path:
    """Let Pulumi's SDK download the official CLI into the cache; raise where that fails."""
    program = (
        "import sys, semver; from pulumi.automation import PulumiCommand\n"
        "PulumiCommand.install(root=sys.argv[1], version=semver.VersionInfo.parse(sys.argv[2]))"
    )
    try:
        with _entry_in_making(cache) as making:
            (making / "tmp").mkdir()
            environment = {**os.environ, "TMPDIR": str(making / "tmp")}
            command = [sys.executable, "-c", program, str(making), VERSION]
            run(command, making, environment, f"Downloading the Pulumi CLI {VERSION}", seconds=600)
            shutil.rmtree(making / "tmp")
    except EngineError:
        raise EngineError(WHAT_TO_INSTALL) from None
    return cache / entry_name() / "bin"


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[Path]:
    """Hold the cache for one set-up at a time, and sweep away what a killed one has left in it."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of the engine is under way: waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in cache.glob("making-*"):
            shutil.rmtree(left)
        yield cache


@contextlib.contextmanager
def _entry_in_making(cache: Path) -> Iterator[Path]:
    """Give a folder that becomes the cache entry, in one step, if nothing goes wrong, and vanishes otherwise."""
    making = cache / f"making-{os.getpid()}"
    try:
        making.mkdir()
        yield making
        making.rename(cache / entry_name())
    finally:
        with signals_held():
            shutil.rmtree(making, ignore_errors=True)


def run(command: Sequence[str], cwd: Path, env: dict[str, str], label: str, seconds: float = float("inf")) -> str:
    """Run a long command with a line of progress; return what it printed.

    It runs in a session of its own: whatever ends us ends it too, with all that it has started, before we go on.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        with group.started(command, cwd=cwd, env=env, stdout=output, stderr=errors) as process:
            code = _wait_with_progress(process, label, seconds)
        if code != 0:
            errors.seek(0)
            tail = errors.read().decode(errors="replace").strip().splitlines()[-5:]
            raise EngineError("\n".join([f"{label} failed:", *(f"  {line}" for line in tail)]))
        output.seek(0)
        return output.read().decode()


def _wait_with_progress(process: subprocess.Popen[bytes], label: str, seconds: float) -> int:
    """Wait for the process; tell how long it has been: every second on a terminal, now and then elsewhere."""
    began = time.monotonic()
    terminal = sys.stderr.isatty()
    say(f"{label} …")
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1 if terminal else 30)
            break
        passed = time.monotonic() - began
        if passed > seconds:
            raise EngineError(f"{label} failed: it took more than {seconds:.0f} seconds.")
        say(f"{label} … {passed // 60:.0f} min {passed % 60:02.0f} s", again=terminal)
    return process.wait()


def version_of(*command: str) -> tuple[int, ...]:
    """Return the first version number that a command prints, as numbers; empty if there is none."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60, env=environment).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    numbers = re.search(r"\d+(\.\d+)+", answer)
    return tuple(map(int, numbers[0].split("."))) if numbers else ()


def say(line: str, *, again: bool = False) -> None:
    """Write a line to standard error; `again` puts it in the place of the one before."""
    print(f"\x1b[1A\x1b[2K{line}" if again else line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
