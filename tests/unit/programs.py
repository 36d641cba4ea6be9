"""Run Pulumi programs in this process, without an engine: what they register is noted."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import runtime
from pulumi.runtime import mocks
from pulumi.runtime.settings import Settings, configure
from pulumi.runtime.stack import run_in_stack


class Recorder(mocks.Mocks):
    """Note each resource that is registered."""

    def __init__(self) -> None:
        self.resources: list[mocks.MockResourceArgs] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        return f"id-of-{args.name}", {}

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


def run(
    program: Callable[[], Any], *, config: Mapping[str, str] | None = None, preview: bool = False
) -> list[mocks.MockResourceArgs]:
    """Run a program in a stack of its own to its end; return what it has registered, or raise what it fails with."""
    recorder = Recorder()

    async def main() -> None:
        # What a failed program leaves behind is no news: its error is raised.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        monitor, engine = TidyMonitor(recorder), mocks.MockEngine(None)
        configure(Settings(project="test", stack="dev", monitor=monitor, engine=engine, dry_run=preview))
        runtime.set_all_config(dict(config or {}), [])
        await run_in_stack(program)

    contextvars.copy_context().run(asyncio.run, main())
    return recorder.resources
