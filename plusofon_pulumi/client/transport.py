"""One request to the API: headers, time-outs, retries, and every failure as an error of our own.

The only module that knows ``requests``; none of its types or exceptions leaves it, nor does the token.
"""

from __future__ import annotations

import html
import http.client
import json
import random
import re
import time
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import quote, urlsplit

import requests
import requests.auth
import urllib3

from plusofon_pulumi import errors
from plusofon_pulumi.settings import Settings

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 15.0
# All attempts at one call and the pauses between them, in seconds.
DEADLINE = 60.0
ATTEMPTS = 5
FIRST_PAUSE = 0.5
LONGEST_RETRY_AFTER = 30.0
LARGEST_ANSWER = 5 * 1024 * 1024
# How much of the API's own words is shown, and how much of an odd answer is kept.
_LONGEST_MESSAGE = 300
_LONGEST_BODY = 2000


# All that the libraries below raise for what happens on the way. Whatever else comes is a mistake of ours.
_LOWER_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)

_Kind = TypeVar("_Kind", bound=errors.APIError)


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


class _Answer:
    """Hold an answer that was read whole, in time and within bounds."""

    def __init__(self, status: int, headers: requests.structures.CaseInsensitiveDict[str], content: bytes) -> None:
        self.status = status
        self.headers = headers
        self.content = content


# The decoded body of a good answer, or the error that the answer (or its absence) stands for.
_Outcome = tuple[object, "errors.PlusofonError | None"]


class Transport:
    """Send requests to one cabinet's API, over connections that are kept open and shared by all threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._echoes = _echoes(settings.token)
        self.host = urlsplit(settings.base_url).hostname or ""
        self._session = _Session()
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

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(
        self, method: str, path: str, *, query: dict[str, str] | None = None, body: dict[str, object] | None = None
    ) -> object:
        """Return the decoded JSON of a good answer; raise TransportError or APIError for everything else."""
        deadline = time.monotonic() + DEADLINE
        attempt = 0
        while True:
            attempt += 1
            decoded, failure = self._attempt(method, path, query, body, deadline)
            if failure is None:
                return decoded
            pause = _pause(attempt, failure)
            if attempt == ATTEMPTS or not _may_repeat(failure) or time.monotonic() + pause > deadline:
                # Raised here, outside of any `except`: the exceptions of requests carry the request, and so the token.
                raise failure
            time.sleep(pause)

    def unexpected(self, method: str, path: str, why: str) -> errors.UnexpectedResponseError:
        """Return the error for a good status whose content cannot be used."""
        why = _shortened(self._scrub(why), _LONGEST_MESSAGE)
        return self._error(errors.UnexpectedResponseError, method, path, 200, why=f"is not the one described: {why}")

    def _attempt(
        self, method: str, path: str, query: dict[str, str] | None, body: dict[str, object] | None, deadline: float
    ) -> _Outcome:
        remaining = max(deadline - time.monotonic(), 0.1)
        try:
            response = self._session.request(
                method,
                self._settings.base_url + path,
                params=query,
                data=None if body is None else json.dumps(body),
                timeout=(min(CONNECT_TIMEOUT, remaining), min(READ_TIMEOUT, remaining)),
                allow_redirects=False,
                stream=True,
            )
            with response:
                answer = _Answer(response.status_code, response.headers, _read(response, deadline))
        except _TooMuchError as error:
            return None, self.unexpected(method, path, str(error))
        except _TooSlowError:
            return None, self._no_answer(method, path, "the answer took too long", errors.RequestTimeoutError)
        except _LOWER_ERRORS as error:
            return None, self._transport_error(method, path, error)
        return self._decode(method, path, answer)

    def _transport_error(self, method: str, path: str, error: Exception) -> errors.TransportError:
        inner = getattr(error.args[0], "reason", error.args[0]) if error.args else None
        if isinstance(error, requests.ConnectTimeout):
            what = "the connection was not made in time"
            return self._no_answer(method, path, what, errors.RequestTimeoutError, unknown=False)
        if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
            return self._no_answer(method, path, "no answer came in time", errors.RequestTimeoutError)
        if isinstance(inner, urllib3.exceptions.NewConnectionError):
            what = f"no connection could be made ({_reason(inner)})"
            return self._no_answer(method, path, what, errors.TransportError, unknown=False)
        return self._no_answer(method, path, f"the connection broke ({_reason(error)})", errors.TransportError)

    def _no_answer(
        self, method: str, path: str, what: str, kind: type[errors.TransportError], *, unknown: bool = True
    ) -> errors.TransportError:
        outcome = " Whether it was carried out is not known." if unknown else " Nothing was changed."
        text = f"{method} {path} at {self.host}: {what}.{outcome if method != 'GET' else ''} {kind.remedy}"
        return kind(self._scrub(text), outcome_unknown=unknown)

    def _decode(self, method: str, path: str, answer: _Answer) -> _Outcome:
        """Return the decoded body, or the error that the answer stands for."""
        decoded, is_json = _parse(answer.content)
        said = _message(decoded)
        status = answer.status
        if 300 <= status < 400:
            where = _host(self._scrub(answer.headers.get("Location", ""))) or "another address"
            return None, self._error(
                errors.UnexpectedResponseError,
                method,
                path,
                status,
                why=f"sends us on to {where}, where the token is not sent",
            )
        if not 200 <= status < 300:
            return None, self._status_error(method, path, answer, said)
        if not is_json:
            # A write may answer with nothing at all: the live list tells what came of it.
            if method != "GET" and not answer.content.strip():
                return None, None
            return None, self._error(
                errors.UnexpectedResponseError, method, path, status, why="is not JSON", body=answer.content
            )
        if isinstance(decoded, dict) and (decoded.get("success") is False or decoded.get("error")):
            return None, self._error(
                errors.UnexpectedResponseError,
                method,
                path,
                status,
                why="says that it failed",
                said=said,
                body=answer.content,
            )
        return decoded, None

    def _status_error(self, method: str, path: str, answer: _Answer, said: str) -> errors.APIError:
        status = answer.status
        if status == 429:
            error = self._error(
                errors.RateLimitError, method, path, status, why="says that there were too many calls", said=said
            )
            error.retry_after = _retry_after(answer.headers.get("Retry-After"))
            return error
        kinds: dict[int, type[errors.APIError]] = {
            400: errors.BadRequestError,
            422: errors.BadRequestError,
            401: errors.AuthenticationError,
            403: errors.PermissionDeniedError,
            404: errors.NotFoundError,
        }
        kind = kinds.get(status, errors.ServerError if status >= 500 else errors.APIError)
        # Plusofon's table of answers: 500 with a text in «message» means «нет доступа», no access.
        if status == 500 and said:
            kind = errors.PermissionDeniedError
        return self._error(kind, method, path, status, said=said, body=answer.content)

    def _error(
        self,
        kind: type[_Kind],
        method: str,
        path: str,
        status: int,
        *,
        why: str = "",
        said: str = "",
        body: bytes = b"",
    ) -> _Kind:
        said = _shortened(self._scrub(said), _LONGEST_MESSAGE)
        told = f"the answer ({status}) {why}" if why else f"the answer is {status}"
        told += f", «{said}»" if said else ""
        return kind(
            f"{method} {path} at {self.host}: {self._scrub(told)}. {kind.remedy}",
            status_code=status,
            message=said,
            method=method,
            path=path,
            body=_shortened(self._scrub(body.decode("utf-8", "replace")), _LONGEST_BODY),
        )

    def _scrub(self, text: str) -> str:
        return self._echoes.sub("***", text)


class _TooMuchError(Exception):
    """Say that an answer is larger than any list of directions."""


class _TooSlowError(Exception):
    """Say that an answer trickles in beyond the deadline."""


def _read(response: requests.Response, deadline: float) -> bytes:
    # read1 returns what has come, so that an answer that trickles in cannot outlast the deadline (urllib3 1 has none).
    read = getattr(response.raw, "read1", response.raw.read)
    content = bytearray()
    while True:
        _limit(response, deadline)
        chunk = read(64 * 1024)
        if not chunk:
            return bytes(content)
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise _TooMuchError(f"it is larger than {LARGEST_ANSWER // 1024 // 1024} MiB")
        if time.monotonic() > deadline:
            raise _TooSlowError


def _limit(response: requests.Response, deadline: float) -> None:
    """Let the next read of an answer's body end at the deadline, too: each has a time-out of its own."""
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    if sock is not None:
        sock.settimeout(min(READ_TIMEOUT, max(deadline - time.monotonic(), 0.01)))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _echoes(token: str) -> re.Pattern[str]:
    """Return a pattern of the token as an answer may quote it: as it is, in JSON, PHP's JSON, a URL or HTML."""
    written = json.dumps(token)[1:-1]
    forms = {token, written, written.replace("/", "\\/"), quote(token, safe=""), html.escape(token)}
    # In any case of letters, for a host's name has none.
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)


def _parse(content: bytes) -> tuple[object, bool]:
    try:
        return json.loads(content), True
    except (ValueError, RecursionError):
        return None, False


def _message(decoded: object) -> str:
    """Return the API's own words: ``message``, or ``error`` (a text or an object), and Laravel's ``errors``."""
    if not isinstance(decoded, dict):
        return ""
    error = decoded.get("error")
    candidates = [decoded.get("message"), error.get("message") if isinstance(error, dict) else error]
    words = [text for text in candidates if isinstance(text, str) and text.strip()][:1]
    fields = decoded.get("errors")
    if isinstance(fields, dict):
        words += [
            text for texts in fields.values() if isinstance(texts, list) for text in texts if isinstance(text, str)
        ]
    return " ".join(" ".join(dict.fromkeys(words)).split())


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _reason(error: BaseException) -> str:
    """Name what went wrong at the bottom: the system's own words, or the kind of the innermost exception."""
    for inner in (getattr(error, "reason", None), error.__cause__, *error.args):
        if isinstance(inner, BaseException):
            return _reason(inner)
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _may_repeat(failure: errors.PlusofonError) -> bool:
    if isinstance(failure, errors.APIError):
        return failure.status_code in (429, 502, 503, 504)
    return isinstance(failure, errors.TransportError)


def _pause(attempt: int, failure: errors.PlusofonError) -> float:
    asked = getattr(failure, "retry_after", None)
    if asked is not None:
        return float(min(asked, LONGEST_RETRY_AFTER))
    # Jitter, so that several processes do not come back in step.
    return FIRST_PAUSE * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret hangs on it


def _retry_after(header: str | None) -> float | None:
    """Return the pause that a ``Retry-After`` header asks for, in seconds (RFC 9110, 10.2.3: a number or a date)."""
    if header is None:
        return None
    try:
        return max(0.0, urllib3.util.Retry().parse_retry_after(header))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
