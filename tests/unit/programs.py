"""Run Pulumi programs in this process, without an engine: what they register is noted.

def program() -> None:
    plusofon.AllowedDirection("hungary", code="36")

[hungary] = run(program)
assert hungary.inputs["code"] == "36"
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi import runtime
from pulumi.runtime import mocks
from pulumi.runtime.settings import Settings, configure
from pulumi.runtime.stack import run_in_stack


@dataclass
class Recorder(mocks.Mocks):
    """Note each resource that is registered; ``outputs`` holds what each gives back, by its name."""

    outputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    resources: list[mocks.MockResourceArgs] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        return f"id-of-{args.name}", dict(self.outputs.get(args.name, {}))

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise NotImplementedError


class TidyMonitor(mocks.MockMonitor):
    """Close the event loop that Pulumi's own stand-in would leave behind in each of its threads."""

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the protocol's name
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # Pulumi's
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def run(program: Callable[[], Any], **how: Any) -> list[mocks.MockResourceArgs]:
    """Run a program to its end, as `attempt` does; return what it has registered, or raise what it fails with."""
    resources, error = attempt(program, **how)
    if error is not None:
        raise error
    return resources


def attempt(
    program: Callable[[], Any],
    *,
    config: Mapping[str, str] | None = None,
    outputs: Mapping[str, dict[str, Any]] | None = None,
    preview: bool = False,
) -> tuple[list[mocks.MockResourceArgs], Exception | None]:
    """Run a program in a stack of its own; return what it has registered, and what it fails with.

    ``config``: the stack's. ``outputs``: what a resource gives back.
    """
    recorder = Recorder(outputs or {})

    async def main() -> None:
        # What a failed program leaves behind is no news: its error is handed on.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        monitor, engine = TidyMonitor(recorder), mocks.MockEngine(None)
        configure(Settings(project="test", stack="dev", monitor=monitor, engine=engine, dry_run=preview))
        runtime.set_all_config(dict(config or {}), [])
        await run_in_stack(program)

    try:
        contextvars.copy_context().run(asyncio.run, main())
    except Exception as error:  # noqa: BLE001  # handed to the test
        return recorder.resources, error
    return recorder.resources, None
