"""Find, build or download the Pulumi engine and print its folder; with `--yaml`, that of the YAML language host."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))  # also run as a script

from tools import isolated  # noqa: E402  # see above

VERSION, YAML_VERSION = "3.274.1", "1.25.0"
OLDEST_ON_PATH = (3, 274)  # for the tests: on 3.216.0, 3.229.0 and 3.254.0 some of tests/e2e/test_limits.py fail
OLDEST_GO = (1, 26, 6)
SDK = "github.com/pulumi/pulumi/sdk/v3"
CLI = "github.com/pulumi/pulumi/pkg/v3"
YAML = "github.com/pulumi/pulumi-yaml"
LANGUAGE_HOST = "pulumi-language-python"
PROGRAM_RUNNER = "pulumi-language-python-exec"
DYNAMIC_PROVIDER = "pulumi-resource-pulumi-python"
YAML_HOST = "pulumi-language-yaml"
STAND_IN_HOST = Path(__file__).with_name("language_host.py")
SDK_MAKER = Path(__file__).with_name("pulumi-language-nodejs.go")
say = functools.partial(print, file=sys.stderr, flush=True)  # standard output has the folder alone
DOWNLOADER = """\
import sys, semver; from pulumi.automation import PulumiCommand
try:
    PulumiCommand.install(root=sys.argv[1], version=semver.VersionInfo.parse(sys.argv[2]))
except (Exception, KeyboardInterrupt) as error:
    sys.exit(f"The download failed: {error}")
"""
WHAT_TO_INSTALL = f"""\
error: there is no Pulumi engine. Do one of these and try again:
  - install the Pulumi CLI, {".".join(map(str, OLDEST_ON_PATH))} or newer, as Pulumi's documentation says;
  - install Go, {".".join(map(str, OLDEST_GO))} or newer: the engine is then built from its sources."""


class EngineError(SystemExit):
    """One of the ways to get an engine failed. Where nobody tries another, the command ends with this message."""


def engine_folder() -> Path:
    """Return the folder of a complete engine: the user's own, the cached one, or one that is made now."""
    return on_path() or _cached(entry_name(), _build_engine, _download_engine)


def yaml_folder() -> Path:
    """Return the folder of the YAML language host: the official CLI brings it, a built engine does not."""
    found = shutil.which(YAML_HOST, path=f"{engine_folder()}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    build = functools.partial(_go_build, modules={YAML: YAML_VERSION}, package=f"{YAML}/cmd/{YAML_HOST}")
    return Path(found).parent if found else _cached(f"yaml-{YAML_VERSION}", build)


def on_path() -> Path | None:
    """Return the folder of the `pulumi` on PATH, if it is complete and new enough."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return None
    beside = f"{Path(pulumi).resolve().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    parts = LANGUAGE_HOST, DYNAMIC_PROVIDER, SDK_MAKER.stem
    missing = [part for part in parts if not shutil.which(part, path=beside)]
    version = version_of(pulumi, "version")
    if not missing and version >= OLDEST_ON_PATH:
        return Path(pulumi).parent
    reason = f"{' and '.join(missing)} is missing" if missing else f"its version is {'.'.join(map(str, version))}"
    say(f"{pulumi} is not used: {reason}.")
    return None


def entry_name() -> str:
    """Name the engine's cache entry by its version and what we add to it."""
    return f"engine-{VERSION}-{hashlib.sha256(STAND_IN_HOST.read_bytes() + SDK_MAKER.read_bytes()).hexdigest()[:8]}"


def _cached(name: str, *ways: Callable[[Path], None]) -> Path:
    """Return `bin` of a cache entry, made in the first way that works: it appears in one step, complete."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))  # XDG says to ignore a relative path
    cache = (base if base.is_absolute() else Path.home() / ".cache") / "plusofon-pulumi"
    making = cache / "making"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for way in ways if not (cache / name).is_dir() else ():
                try:
                    shutil.rmtree(making, ignore_errors=True)  # of a build that was killed
                    (making / "work" / "tmp").mkdir(parents=True)
                    way(making)
                    shutil.rmtree(making / "work")
                    making.rename(cache / name)
                    break
                except EngineError as error:
                    say(error)
                finally:
                    with isolated.signals_held():
                        shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        raise EngineError(f"error: the cache cannot be written: {error}") from error
    if (cache / name).is_dir():
        return cache / name / "bin"
    raise EngineError(WHAT_TO_INSTALL)


def _build_engine(making: Path) -> None:
    stamp = ("-ldflags", f"-X {SDK}/go/common/version.Version={VERSION}")
    shutil.copy(SDK_MAKER, making / "work")
    _go_build(making, {CLI: VERSION, SDK: VERSION}, f"{CLI}/cmd/pulumi", *stamp)
    _go_build(making, {CLI: VERSION, SDK: VERSION}, SDK_MAKER.name)
    python = Path(_go(making, "list", "-mod=mod", "-m", "-f", "{{.Dir}}", SDK).strip(), "python")
    for name, source in {
        LANGUAGE_HOST: STAND_IN_HOST,
        PROGRAM_RUNNER: python / "cmd" / PROGRAM_RUNNER,
        DYNAMIC_PROVIDER: python / "dist" / DYNAMIC_PROVIDER,
    }.items():
        shutil.copyfile(source, making / "bin" / name).chmod(0o755)


def _go_build(making: Path, modules: dict[str, str], package: str, *flags: str) -> None:
    version = version_of("go", "env", "GOVERSION")
    if version < OLDEST_GO:
        raise EngineError(f"Go on PATH: {'.'.join(map(str, version)) or 'none'}, too old to build the engine.")
    lines = ["module build", f"go {'.'.join(map(str, OLDEST_GO))}", *(f"require {m} v{v}" for m, v in modules.items())]
    (making / "work" / "go.mod").write_text("\n".join(lines) + "\n", encoding="utf-8")
    target = making / "bin" / Path(package).stem
    say(f"Building {target.name} with Go (once; it takes some minutes) …")
    # -mod=mod lets go add the indirect requirements.
    _go(making, "build", "-mod=mod", *flags, "-o", str(target), package)


def _go(making: Path, *arguments: str) -> str:
    work = making / "work"
    return _run(["go", *arguments], work, {"GOWORK": "off", "GO111MODULE": "on", "GOTMPDIR": str(work / "tmp")})


def _download_engine(making: Path) -> None:
    say(f"Downloading the Pulumi CLI {VERSION} …")
    _run([sys.executable, "-c", DOWNLOADER, str(making), VERSION], making, {"TMPDIR": str(making / "work" / "tmp")})


def _run(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    with isolated.started(command, cwd, {**os.environ, **env}, subprocess.PIPE) as process:
        output, _ = process.communicate()
    if process.returncode != 0:
        raise EngineError(f"{Path(command[0]).name} {command[1]} failed (exit {process.returncode}).")
    return output.decode()


def version_of(*command: str) -> tuple[int, ...]:
    """Return the first version number that a command prints; empty if there is none."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60, env=environment).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"\d+(\.\d+)+", answer)
    return tuple(map(int, found[0].split("."))) if found else ()


if __name__ == "__main__":
    isolated.stop_on_signals()
    print(yaml_folder() if "--yaml" in sys.argv[1:] else engine_folder())
