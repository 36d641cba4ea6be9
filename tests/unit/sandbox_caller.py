"""A plain HTTP caller of the sandbox, without the product's client, so that no mistake is shared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from plusofon_pulumi.sandbox import ALLOWED_PATH, CATALOGUE_PATH, Sandbox
from plusofon_pulumi.sandbox.readings import parse
from tests.waiting import PATIENCE


class Caller:
    """One keep-alive connection to a sandbox, with the headers that the API asks for."""

    def __init__(self, sandbox: Sandbox, *, timeout: float = PATIENCE) -> None:
        self.url = sandbox.url
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(
            {
                "Authorization": f"Bearer {sandbox.token}",
                "Client": "10553",
                "Accept": "application/json",
                "Content-Type": "application/json",
            }
        )

    def __enter__(self) -> Caller:  # noqa: PYI034 - Self is not in typing on 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(
            method, self.url + path, **{"timeout": self.timeout, "allow_redirects": False, **options}
        )

    def allowed(self) -> Any:
        return self.call("GET", ALLOWED_PATH).json()

    def codes(self) -> list[str]:
        """Return the codes that GET shows, under the default readings."""
        return list(self.allowed()["directions"])

    def catalogue(self, page: str = "") -> Any:
        return self.call("GET", CATALOGUE_PATH, params={"page": page}).json()

    def put(self, *ids: str | int) -> requests.Response:
        return self.call("PUT", ALLOWED_PATH, json={"direction_ids": list(ids)})

    def delete(self, *codes: str | int) -> requests.Response:
        return self.call("DELETE", ALLOWED_PATH, json={"codes": list(codes)})

    def control(self, method: str, name: str, body: Any = None, **options: Any) -> requests.Response:
        return self.call(method, f"/_sandbox/{name}", json=body, **options)


@contextmanager
def playing(*changes: str, **options: Any) -> Iterator[tuple[Sandbox, Caller]]:
    """Run a sandbox under these readings, with a caller of it."""
    with Sandbox(readings=parse(changes), **options) as sandbox, Caller(sandbox) as caller:
        yield sandbox, caller
