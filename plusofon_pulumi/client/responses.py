"""Responses: what an answer, or the lack of one, means for the caller: decoded JSON or one of our errors.

The token is removed from whatever a server said, before anybody sees it.
"""

from __future__ import annotations

import html
import json
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin

import requests
import urllib3

from plusofon_pulumi import errors
from plusofon_pulumi.directions import one_line, shorten
from plusofon_pulumi.settings import Settings

# How much a message shows of the server's own words and of a body that is not JSON; how much an error keeps.
_LONGEST_MESSAGE, _LONGEST_EXCERPT, _LONGEST_BODY = 300, 100, 2000

_KINDS: dict[int, type[errors.APIError]] = {
    400: errors.BadRequestError,
    422: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    429: errors.RateLimitError,
}


@dataclass(frozen=True)
class Call:
    """One call of the API. ``redact`` removes the token from what the server said."""

    method: str
    path: str
    settings: Settings
    redact: Callable[[str], str]
    body: str | None = None

    @property
    def url(self) -> str:
        """The address, without a query."""
        return self.settings.base_url + self.path

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


def redactor(token: str) -> Callable[[str], str]:
    """Return a function that replaces the token by ``***``: as it is, and as JSON, a URL or HTML writes it."""
    in_json = json.dumps(token)[1:-1]
    forms = {token, in_json, in_json.replace("/", "\\/"), quote(token), quote(token, safe=""), html.escape(token)}
    pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)), re.IGNORECASE)
    return lambda text: pattern.sub("***", text)


def _redact_all(value: Any, redact: Callable[[str], str]) -> Any:
    """Return decoded JSON with its texts redacted. Of the keys, only those of rows can be shown to anybody."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redact_all(each, redact) for each in value]
    if isinstance(value, dict):
        return {
            redact(key) if isinstance(each, dict) else key: _redact_all(each, redact) for key, each in value.items()
        }
    return value


def parse_response(call: Call, status: int, headers: Mapping[str, str], content: bytes) -> object:
    """Return the decoded body of a good answer, without the token; raise an APIError for any other answer."""
    try:
        decoded, is_json = _redact_all(json.loads(content), call.redact), True
    except (ValueError, RecursionError):
        decoded, is_json = None, False
    # A write may be answered with an empty body: the list shows whether it worked.
    is_usable = is_json or (call.method != "GET" and not content.strip())
    if 200 <= status < 300 and is_usable and not _says_no(decoded):
        return decoded

    body = shorten(call.redact(content.decode("utf-8", "replace")), _LONGEST_BODY)
    message, excerpt = one_line(_message(decoded), _LONGEST_MESSAGE), ""
    if not is_json and body.strip():
        excerpt = f" ({headers.get('Content-Type', 'no content type')}: {one_line(body, _LONGEST_EXCERPT)})"
    kind: type[errors.APIError] = errors.UnexpectedResponseError
    if status >= 400:
        kind = _KINDS.get(status, errors.ServerError if status >= 500 else errors.APIError)
        if status == 500 and message not in ("", "Server Error"):
            # By the description, 500 with a text is «нет доступа», no access. Laravel's crashes say "Server Error".
            kind = errors.PermissionDeniedError
        what = f"the answer is {status}{excerpt}"
    elif status >= 300:
        target = re.split("[?#]", urljoin(call.url, call.redact(headers.get("Location", ""))), maxsplit=1)[0]
        what = f"the answer ({status}) redirects to {one_line(target, _LONGEST_MESSAGE)}, where the token is not sent"
    elif is_usable:
        what = f"the answer ({status}) says that it failed"
    else:
        what = f"the answer ({status}) is not JSON{excerpt or ' (its body is empty)'}"
    seconds = headers.get("Retry-After", "").strip()
    pause = int(seconds) if re.fullmatch("[0-9]{1,6}", seconds) else None
    what += f", «{message}»" if message else ""
    error = _api_error(call, kind, what, pause, status_code=status, message=message, body=body)
    if isinstance(error, errors.RateLimitError):
        error.retry_after = pause
    raise error


def unexpected(call: Call, why: str) -> errors.APIError:
    """Return the error for an answer with a good status whose content cannot be used."""
    what = f"the answer is not the one described: {one_line(why, _LONGEST_MESSAGE)}"
    return _api_error(call, errors.UnexpectedResponseError, what, status_code=200)


def _api_error(
    call: Call, kind: type[errors.APIError], what: str, pause: int | None = None, **details: Any
) -> errors.APIError:
    """Return an error that says what came and what the user can do about it."""
    of, client_id = call.settings.source, call.settings.client_id
    base_url, application = f"the base URL (of {of('base_url')})", f"the client id ({client_id}, of {of('client_id')})"
    rest = "and whether a proxy answers in Plusofon's place"
    wait = f"{pause} s, as the answer asks," if pause else "a minute"
    remedies: dict[type[errors.APIError], str] = {
        errors.BadRequestError: "Check the codes that were sent.",
        errors.AuthenticationError: call.settings.token_remedy(),
        errors.PermissionDeniedError: call.settings.token_remedy(),
        errors.NotFoundError: f"Check {base_url} and {application}.",
        errors.RateLimitError: f"Wait {wait} and try again.",
        errors.UnexpectedResponseError: f"Check the token (of {of('token')}), {application}, {base_url}, {rest}.",
    }
    remedy = remedies.get(kind, "Try again; if it stays so, ask Plusofon's support.")
    return kind(f"{call}: {what}. {remedy}", method=call.method, path=call.path, **details)


def transport_error(call: Call, error: Exception) -> errors.TransportError:
    """Return our error for an exception of requests, urllib3 or the system: no usable answer came."""
    causes = _causes(error)
    why = getattr(causes[-1], "strerror", None) or type(causes[-1]).__name__
    source = call.settings.source("base_url")
    check = f"Check the network and the base URL (of {source}), then try again."

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(each, kinds) for each in causes)

    # These fail before anything is sent, and would fail again.
    hopeless = ""
    if has(requests.exceptions.ProxyError):
        proxy = requests.utils.select_proxy(call.url, requests.utils.get_environ_proxies(call.url)) or ""
        hopeless = f"the proxy {proxy.rpartition('@')[2]!r} does not work ({why}). Check HTTPS_PROXY and NO_PROXY."
    elif has(ssl.SSLCertVerificationError):
        hopeless = f"the certificate is not trusted ({why}). Check REQUESTS_CA_BUNDLE, and who answers there."
    elif type(error) is OSError:  # of requests, for a file that does not exist
        hopeless = f"{one_line(str(error), _LONGEST_MESSAGE)}. Check REQUESTS_CA_BUNDLE."
    elif isinstance(error, ValueError):  # without its text, which may quote a password in the proxy's URL
        hopeless = f"no request can be made ({why}). Check HTTPS_PROXY and the base URL (of {source})."
    if hopeless:
        return errors.TransportError(f"{call}: {hopeless}", outcome_unknown=False, retryable=False)
    if has(requests.ConnectTimeout, urllib3.exceptions.NewConnectionError):
        return errors.TransportError(f"{call}: no connection could be made ({why}). {check}", outcome_unknown=False)
    if has(requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        return errors.RequestTimeoutError(f"{call}: no answer came in time. {check}")
    return errors.TransportError(f"{call}: the connection broke ({why}). {check}")


def _causes(error: BaseException) -> list[BaseException]:
    """Return an exception and the causes behind it, the root cause last."""
    for inner in (getattr(error, "reason", None), *error.args, error.__context__):
        if isinstance(inner, BaseException):
            return [error, *_causes(inner)]
    return [error]


def _message(decoded: object) -> str:
    """Return the API's own words: ``message``, or ``error`` (a text or an object), and Laravel's ``errors``."""
    if not isinstance(decoded, dict):
        return ""
    error, fields = decoded.get("error"), decoded.get("errors")
    candidates = [decoded.get("message"), error.get("message") if isinstance(error, dict) else error]
    words = [text for text in candidates if isinstance(text, str) and text.strip()][:1]
    for texts in fields.values() if isinstance(fields, dict) else ():
        words += map(str, texts if isinstance(texts, list) else ())
    return " ".join(dict.fromkeys(words)) or _message(decoded.get("data"))


def _says_no(decoded: object) -> bool:
    """Return True if a good status carries a failure: ``success: false``, or a JSON-RPC ``error``, also in ``data``."""
    if not isinstance(decoded, dict):
        return False
    says_no = decoded.get("success") in (False, "false", "0") or bool(decoded.get("error"))
    return says_no or _says_no(decoded.get("data"))
