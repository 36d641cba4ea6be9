"""A dynamic provider as one writes it in an evening from the vendor's examples: no `check`, no `diff`, no retries.

It stands in the program itself, as users do it, so Pulumi pickles it by value.
"""

from __future__ import annotations

import os
from typing import Any

import pulumi
import requests
from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider


def call(method: str, path: str, payload: dict[str, Any] | None = None) -> Any:
    url = f"{os.environ['PLUSOFON_BASE_URL']}/api/v1/{path}"
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Client": "10553",
        "Authorization": f"Bearer {os.environ['PLUSOFON_TOKEN']}",
    }
    response = requests.request(method, url, headers=headers, json=payload, timeout=60)
    response.raise_for_status()
    return response.json()


class NaiveProvider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        rows = call("GET", "directions")["directions"]
        ids = [row["id"] for row in rows if str(row["code"]) == props["code"]]
        call("PUT", "direction", {"direction_ids": ids})
        return CreateResult(props["code"], props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        is_open = id_ in call("GET", "direction")["directions"]
        return ReadResult(id_ if is_open else "", props)

    def delete(self, id_: str, _props: dict[str, Any]) -> None:
        call("DELETE", "direction", {"codes": [id_]})


class NaiveDirection(Resource):
    def __init__(self, resource_name: str, code: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(NaiveProvider(), resource_name, {"code": code}, opts)
