"""One request to the API: headers, time-outs, retries, and every failure as an error of our own.

It sends by ``requests``, of which no type and no exception leaves this folder.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import ssl
import sys
import time
from dataclasses import replace
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
import requests.auth
import urllib3

from plusofon_pulumi import errors
from plusofon_pulumi.client.allowance import Adapter, Allowance, TooMuchError
from plusofon_pulumi.client.answers import Call, Outcome
from plusofon_pulumi.client.secret import Secret
from plusofon_pulumi.settings import Settings

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 15.0
ATTEMPTS = 5
FIRST_PAUSE = 0.5
LONGEST_RETRY_AFTER = 30.0
# All that the libraries below raise for what happens on the way. Whatever else comes is a mistake of ours.
_LOWER_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)
# The status with which a proxy answers CONNECT: Python's http.client tells it in an OSError's text alone.
_TUNNEL = re.compile(r"Tunnel\D+(\d{3})")


class _Bearer(requests.auth.AuthBase):
    """Put the token into a request; while a session has an ``auth``, requests looks into no ``~/.netrc``."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Session(requests.Session):
    """Look into no redirect: even to tell where one leads, requests reads its body, however long, and may fail."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002  # the library's own argument
        return None


class Transport:
    """Send requests to one account's API, over connections that are kept open and shared by all threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secret = Secret(settings.token)
        self.host = urlsplit(settings.base_url).hostname or ""
        self._session = _Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, Adapter())
        self._session.auth = _Bearer(settings.token)
        self._session.headers.update(
            {
                "Accept": "application/json",
                "Content-Type": "application/json",
                "Client": settings.client_id,
                # Answers are small; unpacked ones could not be held to a size.
                "Accept-Encoding": "identity",
            }
        )
        # A proxy is for the way out: what goes to this machine itself, in clear, must not take it.
        self._session.trust_env = not settings.is_local
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._logs = os.environ.get("PLUSOFON_LOG", "").strip().lower() == "debug"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def call(self, method: str, path: str) -> Call:
        """Return a call's name, which makes its errors."""
        return Call(method, path, self.host, self._secret)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, object] | None = None,
        allowance: Allowance | None = None,
    ) -> object:
        """Return the decoded JSON of a good answer; raise TransportError or APIError for everything else.

        ``allowance``: what a list has left for its next page.
        """
        call = self.call(method, path)
        allowance = allowance or Allowance.new()
        attempt = 0
        while True:
            attempt += 1
            decoded, failure = self._attempt(call, query, body, allowance, attempt)
            if failure is None:
                return decoded
            # What one attempt may have done is not undone by the next, which could not even connect.
            call = replace(call, may_be_done=getattr(failure, "outcome_unknown", True))
            pause = _pause(attempt, failure)
            if attempt == ATTEMPTS or not _may_repeat(failure) or pause >= allowance.left():
                # Raised here, outside of any `except`: the exceptions of requests carry the request, and so the token.
                raise failure
            time.sleep(pause)

    def _attempt(
        self,
        call: Call,
        query: dict[str, str] | None,
        body: dict[str, object] | None,
        allowance: Allowance,
        attempt: int,
    ) -> Outcome:
        began = time.monotonic()
        remaining = max(allowance.left(), 0.1)
        status: object = "no answer"
        try:
            with (
                allowance.spent_here(),
                self._session.request(
                    call.method,
                    self._settings.base_url + call.path,
                    params=query,
                    data=None if body is None else json.dumps(body),
                    timeout=(min(CONNECT_TIMEOUT, remaining), min(READ_TIMEOUT, remaining)),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                status = response.status_code
                # urllib3 1 would take an answer that breaks off for a whole one.
                response.raw.enforce_content_length = True
                content = allowance.read(response.raw.read)
        except TooMuchError as error:
            return call.too_much(response.status_code, response.headers, str(error))
        except _LOWER_ERRORS as error:
            return None, _unanswered(call, error)
        finally:
            self._log(call, status, began, attempt)
        decoded, failure = call.judge(response.status_code, response.headers, content)
        if failure is None:
            # What failed is asked for again, and has nothing of the list.
            allowance.size -= len(content)
        return decoded, failure

    def _log(self, call: Call, status: object, began: float, attempt: int) -> None:
        """With ``PLUSOFON_LOG=debug``, write a line about a request to standard error."""
        if self._logs:
            took = f"{(time.monotonic() - began) * 1000:.0f} ms"
            # One write of one whole line, for several threads write.
            sys.stderr.write(f"plusofon: {call.method} {call.path} {status} {took} attempt {attempt}\n")


def _unanswered(call: Call, error: Exception) -> errors.TransportError:
    inner, innermost = getattr(error.args[0], "reason", error.args[0]) if error.args else None, _innermost(error)
    if isinstance(error, requests.ConnectTimeout):
        return call.unanswered("the connection was not made in time", late=True, unknown=False)
    is_late = isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError))
    if is_late or isinstance(innermost, TimeoutError):
        return call.unanswered("no answer came in time", late=True)
    if isinstance(inner, urllib3.exceptions.NewConnectionError):
        return call.unanswered(f"no connection could be made ({_reason(inner)})", unknown=False)
    # These two come before the request is sent.
    if isinstance(innermost, ssl.SSLCertVerificationError):
        return call.unanswered(f"the certificate is not trusted ({_reason(error)})", unknown=False)
    if refusal := _TUNNEL.match(str(innermost)):
        return call.unanswered(f"the proxy refused to connect ({refusal[1]})", unknown=False)
    return call.unanswered(f"the connection broke ({_reason(error)})")


def _reason(error: BaseException) -> str:
    """Name what went wrong at the bottom: the system's own words, or the kind of the innermost exception."""
    inner = _innermost(error)
    return (isinstance(inner, OSError) and inner.strerror) or type(inner).__name__


def _innermost(error: BaseException) -> BaseException:
    for inner in (getattr(error, "reason", None), error.__cause__, *error.args, error.__context__):
        if isinstance(inner, BaseException):
            return _innermost(inner)
    return error


def _may_repeat(failure: errors.PlusofonError) -> bool:
    if isinstance(failure, errors.APIError):
        return failure.status_code in (429, 502, 503, 504)
    return isinstance(failure, errors.TransportError)


def _pause(attempt: int, failure: errors.PlusofonError) -> float:
    asked = getattr(failure, "retry_after", None) or 0.0
    # Jitter, so that several processes do not come back in step.
    own = FIRST_PAUSE * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret hangs on it
    return float(max(own, min(asked, LONGEST_RETRY_AFTER)))
