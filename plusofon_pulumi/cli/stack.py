"""What the state of a Pulumi stack has of a Provider, as ``pulumi stack export`` tells: no secret is shown by it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plusofon_pulumi.adoption import ProviderInState
from plusofon_pulumi.cli.common import CommandError
from plusofon_pulumi.identity import PROVIDER_TYPE
from plusofon_pulumi.settings import SOURCES

# In seconds; a backend may be far away.
_PATIENCE = 120


def provider_in_state(name: str, folder: Path) -> ProviderInState:
    """Return a Provider as it is in state of the stack that is selected in a folder.

    Raises CommandError, with what to do, where there is none by that name, or one that an import could not use.
    """
    found = [each for each in _resources(folder, name) if _is_called(name, each)]
    if not found:
        raise CommandError(
            f'the Provider "{name}" is not in the state of the stack, and an import would make one without a token. '
            f"{_steps(name)}"
        )
    urn = found[0]["urn"]
    if len(found) > 1 or urn.split("::")[2] != PROVIDER_TYPE:
        raise CommandError(
            f'the Provider "{name}" is declared inside of a component, where the program that is written here could '
            "not declare it: declare it outside of any, run `pulumi up`, then run this command again"
        )
    inputs = found[0].get("inputs") or {}
    if SOURCES["token"][0] not in inputs:
        raise CommandError(
            f'the Provider "{name}" is in the state of the stack, but has no Plusofon token, as one that an import has '
            f"made. {_steps(name)}"
        )
    base_url, client_id = (_plain(name, SOURCES[setting][0], inputs) for setting in ("base_url", "client_id"))
    return ProviderInState(name, urn, base_url, client_id)


def _steps(name: str) -> str:
    return (
        f'First declare it in the program of the stack, as `plusofon.Provider("{name}", token=…)`, and run `pulumi up`;'
        f" then run `plusofon adopt --provider {name}` again"
    )


def _is_called(name: str, resource: dict[str, Any]) -> bool:
    # urn:pulumi:STACK::PROJECT::TYPE::NAME, and a name may hold colons, too.
    return resource.get("type") == PROVIDER_TYPE and str(resource.get("urn")).split("::", 3)[-1] == name


def _plain(name: str, key: str, inputs: Mapping[str, Any]) -> str | None:
    """Return a setting of the Provider, which may not be a secret: only its token may."""
    value = inputs.get(key)
    if value is not None and not isinstance(value, str):
        raise CommandError(
            f'{key} of the Provider "{name}" is a secret in the state of the stack, so it cannot be read: give it '
            "plainly, run `pulumi up`, then run this command again"
        )
    return value


def _resources(folder: Path, name: str) -> list[dict[str, Any]]:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise CommandError(
            f'`pulumi` is not on PATH: it is needed to see whether the Provider "{name}" is in the state of the stack'
        )
    # Pulumi itself looks for its project upwards from where it is run.
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
    command = [pulumi, "stack", "export", "--non-interactive"]
    try:
        ran = subprocess.run(
            command,
            cwd=there,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = f"it took more than {_PATIENCE} seconds" if isinstance(error, subprocess.TimeoutExpired) else error
        raise CommandError(f"`pulumi stack export` failed: {why}") from None
    if ran.returncode != 0:
        said = ran.stderr.strip().removeprefix("error: ") or f"exit code {ran.returncode}"
        raise CommandError(f"the state of the stack cannot be read in {there}: {said}")
    try:
        resources = json.loads(ran.stdout)["deployment"].get("resources") or []
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CommandError("`pulumi stack export` printed something else than the state of a stack") from None
    return [each for each in resources if isinstance(each, dict)]
