"""A plain HTTP caller of the sandbox, without the product's client, so that no mistake is shared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from plusofon_pulumi.sandbox import ALLOWED_PATH, Sandbox
from plusofon_pulumi.sandbox.readings import parse
from tests.waiting import PATIENCE


class Caller(requests.Session):
    """One keep-alive connection to a sandbox, with the headers that the API asks for."""

    def __init__(self, sandbox: Sandbox, *, timeout: float = PATIENCE) -> None:
        super().__init__()
        self.url, self.timeout, self.trust_env = sandbox.url, timeout, False
        self.headers.update({"Authorization": f"Bearer {sandbox.token}", "Client": "10553"})
        self.headers.update({"Accept": "application/json", "Content-Type": "application/json"})

    def call(self, method: str, path: str = ALLOWED_PATH, **options: Any) -> requests.Response:
        options = {"timeout": self.timeout, "allow_redirects": False, **options}
        return self.request(method, self.url + path, **options)

    def shown(self, path: str = ALLOWED_PATH) -> Any:
        return self.call("GET", path).json()

    def codes(self) -> list[str]:
        """Return the codes that GET shows, under the default readings."""
        return list(self.shown()["directions"])

    def allow(self, *ids: str | int) -> requests.Response:
        return self.call("PUT", json={"direction_ids": ids})

    def deny(self, *codes: str | int) -> requests.Response:
        return self.call("DELETE", json={"codes": codes})

    def control(self, method: str, name: str, body: Any = None, **options: Any) -> requests.Response:
        return self.call(method, f"/_sandbox/{name}", json=body, **options)


@contextmanager
def playing(*changes: str, **options: Any) -> Iterator[tuple[Sandbox, Caller]]:
    """Run a sandbox under these readings, with a caller of it."""
    with Sandbox(readings=parse(changes), **options) as sandbox, Caller(sandbox) as caller:
        yield sandbox, caller
