"""A client whose network is made up: each request gets the next of the answers, and the last one from then on."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.errors import PlusofonError
from plusofon_pulumi.settings import Settings
from tests.unit.support import TOKEN, error_of

URL = "https://api.example"
OURS = Settings(TOKEN, base_url=URL)


@dataclass
class Answer:
    """A status and a body: bytes as they are, anything else as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Network(BaseAdapter):
    """Hand out answers, or raise what is an exception; note what was sent, and how."""

    def __init__(self, *answers: Answer | BaseException) -> None:
        super().__init__()
        self._answers = answers
        self.sent: list[requests.PreparedRequest] = []
        self.options: list[Mapping[str, Any]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        self.sent.append(request)
        self.options.append(options)
        answer = self._answers[min(len(self.sent), len(self._answers)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        response = requests.Response()
        response.request, response.url = request, str(request.url)
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = io.BytesIO(answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode())
        return response

    def close(self) -> None: ...


def client_over(
    *answers: Answer | BaseException, settings: Settings = OURS, **more: Any
) -> tuple[PlusofonClient, Network]:
    client, network = PlusofonClient(settings, **more), Network(*answers)
    for scheme in ("https://", "http://"):
        client._session.mount(scheme, network)
    return client, network


def get(*answers: Answer | BaseException, settings: Settings = OURS) -> PlusofonError:
    """Return the error that the list of open directions ends with."""
    return error_of(client_over(*answers, settings=settings)[0].get_allowed_directions)


def put(*answers: Answer | BaseException) -> PlusofonError:
    """Return the error that a write ends with."""
    return error_of(lambda: client_over(*answers)[0].allow_directions(["11"]))
