"""PlusofonClient: the four calls of the direction API, usable on its own from Python.

Source: Plusofon's description of the direction methods, version of 2023-02-13.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3

from plusofon_pulumi.client import lists, responses
from plusofon_pulumi.directions import Catalogue, Direction
from plusofon_pulumi.errors import APIError, RateLimitError, RequestTimeoutError, ServerError, TransportError
from plusofon_pulumi.settings import Settings

# The singular is the list of open directions, the plural the catalogue of all that exist.
OPEN_LIST, CATALOGUE = "/api/v1/direction", "/api/v1/directions"

# In seconds: to connect, to wait for the next part of an answer, and for a call with all its attempts and pages.
CONNECT_TIMEOUT, READ_TIMEOUT, CALL_TIMEOUT = 5.0, 15.0, 60.0
ATTEMPTS = 5
FIRST_PAUSE, LONGEST_RETRY_AFTER = 0.5, 30.0
LARGEST_ANSWER = 5 * 1024 * 1024  # bytes; the catalogue has some 25,000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt of a call, as ``observe`` gets it. ``body``: the decoded JSON without the token, or None."""

    method: str
    url: str
    status: int | None
    seconds: float
    attempt: int
    body: object = None


class PlusofonClient:
    """Client of the direction API for one account.

    ``settings``: the token and the address of the API (default: from ``PLUSOFON_TOKEN`` and the other variables).
    ``observe``: a function that gets an Exchange after each attempt of a call.

    Every call raises a TransportError if no usable answer came, and an APIError if the answer is not the one asked for.
    A call is repeated after a refused or broken connection, a time-out, 429 and 5xx, for at most 60 seconds in all.
    So are writes: repeating one changes nothing. Threads may share a client.

    >>> client = PlusofonClient(Settings(token="…"))               # doctest: +SKIP
    >>> [str(direction) for direction in client.get_allowed_directions()]  # doctest: +SKIP
    ['7 (Kazakhstan)', '36 (Hungary)']
    """

    def __init__(self, settings: Settings | None = None, *, observe: Callable[[Exchange], None] | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self._redact = responses.redactor(self.settings.token)
        self._observe = observe or (_log if os.environ.get("PLUSOFON_LOG", "").strip().lower() == "debug" else None)
        self._session = requests.Session()
        self._session.headers.update(
            {"Accept": "application/json", "Content-Type": "application/json", "Client": self.settings.client_id}
        )
        # A session that has an ``auth`` ignores ``~/.netrc``, which would replace the header.
        self._session.auth = lambda request: request
        # Plain http to this machine must not go through a proxy, which would see the token.
        self._session.trust_env = self.settings.base_url.lower().startswith("https:")
        # Laravel sets session cookies: the token alone must say whose call it is.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get_allowed_directions(self, *, attempts: int = ATTEMPTS, timeout: float = CALL_TIMEOUT) -> list[Direction]:
        """Return the directions that are open in the account now (``GET /api/v1/direction``).

        ``attempts``: how often the call is tried. ``timeout``: how long it may take in all, in seconds.
        """
        return self._read(OPEN_LIST, lists.open_list, attempts, timeout)

    def get_directions(self, *, attempts: int = ATTEMPTS, timeout: float = CALL_TIMEOUT) -> Catalogue:
        """Return the catalogue of all directions (``GET /api/v1/directions``); arguments as above."""
        return Catalogue(self._read(CATALOGUE, lists.catalogue, attempts, timeout))

    def allow_directions(self, ids: Iterable[str | int]) -> None:
        """Open directions (``PUT /api/v1/direction``).

        ``ids``: catalogue ids (``Direction.id``), not calling codes, in the form in which the catalogue gives them.
        A good answer is no proof: only ``get_allowed_directions`` shows what is open.
        Raises ValueError if there are none: the description does not say what an empty list does.
        """
        self._write("PUT", "direction_ids", ids)

    def deny_directions(self, codes: Iterable[str | int]) -> None:
        """Close directions (``DELETE /api/v1/direction``).

        ``codes``: calling codes, preferably in the form in which the API gives them (``Direction.api_code``).
        The rest is as for ``allow_directions``.
        """
        self._write("DELETE", "codes", codes)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> PlusofonClient:  # noqa: PYI034  # Self is not in typing on 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, method: str, key: str, values: Iterable[str | int]) -> None:
        listed = list(values)
        if not listed:
            raise ValueError(f"{key} is empty: there is nothing to send")
        call = responses.Call(method, OPEN_LIST, self.settings, self._redact, json.dumps({key: listed}))
        self._request(call, time.monotonic() + CALL_TIMEOUT)

    def _read(self, path: str, parse: lists.Parse, attempts: int, timeout: float) -> list[Direction]:
        """Return the directions of a list, from all its pages."""
        call = responses.Call("GET", path, self.settings, self._redact)
        deadline = time.monotonic() + timeout
        try:
            return parse(lists.read_rows(lambda page: self._request(call, deadline, attempts, page)))
        except lists.UnusableError as error:
            raise responses.unexpected(call, str(error)) from None

    def _request(self, call: responses.Call, deadline: float, attempts: int = ATTEMPTS, page: int = 1) -> object:
        """Return the decoded JSON of a good answer; repeat the call while that may help and there is time."""
        may_be_done = False
        for attempt in range(1, attempts + 1):
            try:
                return self._attempt(call, deadline, attempt, page)
            except (TransportError, APIError) as error:
                failure: TransportError | APIError = error
            # A gateway's error may come after the write was carried out.
            may_be_done = may_be_done or getattr(failure, "outcome_unknown", True)
            is_retryable = getattr(failure, "retryable", isinstance(failure, (RateLimitError, ServerError)))
            asked = min(getattr(failure, "retry_after", None) or 0.0, LONGEST_RETRY_AFTER)
            # Jitter, so that several processes do not retry in step.
            pause = max(asked, FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            if attempt == attempts or not is_retryable or time.monotonic() + pause >= deadline:
                break
            time.sleep(pause)
        if isinstance(failure, TransportError):
            outcome = "Whether it was carried out is not known." if may_be_done else "It was not carried out."
            failure = failure if call.method == "GET" else failure.saying(f"{failure} {outcome}")
            failure.outcome_unknown = may_be_done
        raise failure

    def _attempt(self, call: responses.Call, deadline: float, attempt: int, page: int) -> object:
        began = time.monotonic()
        left = max(deadline - began, 0.1)
        timeout = (min(CONNECT_TIMEOUT, left), min(READ_TIMEOUT, left))
        url = call.url + (f"?page={page}" if page > 1 else "")
        headers = {"Authorization": f"Bearer {self.settings.token}"}
        status, decoded = None, None
        try:
            with self._session.request(
                call.method, url, data=call.body, headers=headers, timeout=timeout, allow_redirects=False, stream=True
            ) as response:
                status = response.status_code
                content = _content(call, response, deadline)
            decoded = responses.parse_response(call, status, response.headers, content)
            return decoded
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            failure = responses.transport_error(call, error)
        finally:
            if self._observe:
                self._observe(Exchange(call.method, url, status, time.monotonic() - began, attempt, decoded))
        # Raised outside the `except`: the exceptions of requests hold the request, and so the token.
        raise failure


def _content(call: responses.Call, response: requests.Response, deadline: float) -> bytes:
    """Return the whole body of an answer, if it comes in time and is not too large."""
    if response.status_code < 200:
        # After an interim answer (103, RFC 9110 15.2) the final one follows, and must not be taken for the answer to
        # the next call: without a read, requests closes the connection.
        raise TransportError(f"{call}: only an interim answer ({response.status_code}) came. Try again.")
    content = bytearray()
    # Small chunks: each is waited for until it is full, and the deadline is checked in between.
    for chunk in response.iter_content(1024):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise responses.unexpected(call, f"it is larger than {LARGEST_ANSWER // 2**20} MiB")
        if time.monotonic() > deadline:
            raise RequestTimeoutError(f"{call}: the answer did not end in time. Try again.")
    if getattr(response.raw, "length_remaining", None):
        raise requests.ConnectionError  # urllib3 1 does not notice that an answer was cut off
    return bytes(content)


def _log(exchange: Exchange) -> None:
    """Write a line about an attempt to standard error, in one piece: several threads write."""
    took = f"{exchange.seconds * 1000:.0f} ms attempt {exchange.attempt}"
    sys.stderr.write(f"plusofon: {exchange.method} {exchange.url} {exchange.status or 'no answer'} {took}\n")
