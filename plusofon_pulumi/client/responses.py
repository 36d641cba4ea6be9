"""Responses: what an answer, or the lack of one, means for the caller: decoded JSON or one of our errors."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

import requests
import urllib3

from plusofon_pulumi import errors
from plusofon_pulumi.client.redact import redact_all
from plusofon_pulumi.directions import one_line, shorten
from plusofon_pulumi.settings import Settings

# How much of the server's own words, and of a body that is not JSON, a message shows; how much an error keeps.
_LONGEST_MESSAGE, _LONGEST_EXCERPT, _LONGEST_BODY = 300, 100, 2000

NOT_DONE, NOT_KNOWN = "It was not carried out.", "Whether it was carried out is not known."

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
    """One call of the API. ``redact`` takes the token out of what the server said."""

    method: str
    path: str
    settings: Settings
    redact: Callable[[str], str]
    body: str | None = None

    @property
    def url(self) -> str:
        """The address, without a query."""
        return self.settings.base_url + self.path


def parse_response(call: Call, status: int, headers: Mapping[str, str], content: bytes) -> object:
    """Return the decoded body of a good answer, without the token; raise the APIError that any other one stands for."""
    try:
        decoded, excerpt = redact_all(json.loads(content), call.redact), ""
    except (ValueError, RecursionError):
        decoded, excerpt = None, _excerpt(call, headers, content)
    is_good, is_blank, why = 200 <= status < 300, not content.strip(), ""
    if is_good and _says_no(decoded):
        why = "says that it failed"
    elif is_good and (not excerpt or (is_blank and call.method != "GET")):
        # A write may answer with nothing at all: the live list shows what came of it.
        return decoded
    elif is_good:
        why = f"is not JSON{excerpt}"
    elif status < 400:
        target = re.split("[?#]", urljoin(call.url, call.redact(headers.get("Location", ""))), maxsplit=1)[0]
        why = f"redirects to {one_line(target, _LONGEST_MESSAGE)}, where the token is not sent"
    what = f"the answer ({status}) {why}" if why else f"the answer is {status}{'' if is_blank else excerpt}"
    message = one_line(_message(decoded), _LONGEST_MESSAGE)
    kind = errors.UnexpectedResponseError if why else _kind(status, message)
    error = kind("", status_code=status, message=message, method=call.method, path=call.path, body=_body(call, content))
    if isinstance(error, errors.RateLimitError):
        error.retry_after = _retry_after(headers.get("Retry-After", ""))
    raise error.saying(_sentence(call, what + (f", «{message}»" if message else ""), error))


def unexpected(call: Call, why: str) -> errors.APIError:
    """Return the error for an answer of a good status whose content cannot be used."""
    error = errors.UnexpectedResponseError("", status_code=200, method=call.method, path=call.path)
    what = f"the answer is not the one described: {one_line(why, _LONGEST_MESSAGE)}"
    return error.saying(_sentence(call, what, error))


def _sentence(call: Call, what: str, error: errors.APIError) -> str:
    return f"{call.method} {call.url}: {what}. {_remedy(error, call.settings)}"


def _body(call: Call, content: bytes) -> str:
    return shorten(call.redact(content.decode("utf-8", "replace")), _LONGEST_BODY)


def transport_error(call: Call, error: Exception) -> errors.TransportError:
    """Return our error for an exception of requests, urllib3 or the system: no usable answer came."""
    causes = [*_causes(error)]
    inner = causes[-1]
    why = (isinstance(inner, OSError) and inner.strerror) or type(inner).__name__
    is_of_requests = isinstance(error, (requests.RequestException, urllib3.exceptions.HTTPError))
    url = requests.utils.select_proxy(call.url, requests.utils.get_environ_proxies(call.url)) or ""
    proxy = url.rpartition("@")[2]  # without user name and password

    check = f"Check the network and the base URL (of {call.settings.source('base_url')}), then try again."

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(each, kinds) for each in causes)

    hopeless = ""
    if isinstance(error, OSError) and not is_of_requests:
        # requests says so before it connects: REQUESTS_CA_BUNDLE names a file that is not there.
        hopeless = f"{one_line(str(error), _LONGEST_MESSAGE)}. Check REQUESTS_CA_BUNDLE."
    elif has(requests.exceptions.ProxyError) or (isinstance(error, ValueError) and proxy):
        hopeless = f"the proxy {proxy!r} does not work ({why}). Check HTTPS_PROXY and NO_PROXY."
    elif has(ssl.SSLCertVerificationError):
        hopeless = f"the certificate is not trusted ({why}). Check REQUESTS_CA_BUNDLE, and who answers there."
    elif isinstance(error, ValueError):
        # requests says so before it connects: the host is one such as ".example".
        hopeless = f"no request can be made ({one_line(str(error), _LONGEST_MESSAGE)}). {check}"
    if hopeless:
        return unanswered(call, hopeless, unknown=False, retryable=False)
    if has(requests.ConnectTimeout):
        return unanswered(call, f"the connection was not made in time. {check}", is_late=True, unknown=False)
    if has(urllib3.exceptions.NewConnectionError):
        return unanswered(call, f"no connection could be made ({why}). {check}", unknown=False)
    if has(requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        return unanswered(call, f"no answer came in time. {check}", is_late=True)
    return unanswered(call, f"the connection broke ({why}). {check}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it came from, the first of all at last."""
    yield error
    for inner in (getattr(error, "reason", None), error.__cause__, *error.args, error.__context__):
        if isinstance(inner, BaseException):
            yield from _causes(inner)
            return


def unanswered(
    call: Call, what: str, *, is_late: bool = False, unknown: bool = True, retryable: bool = True
) -> errors.TransportError:
    """Return the error for no usable answer. ``unknown``: the call may have been carried out nevertheless."""
    kind = errors.RequestTimeoutError if is_late else errors.TransportError
    outcome = "" if call.method == "GET" else f" {NOT_KNOWN if unknown else NOT_DONE}"
    return kind(f"{call.method} {call.url}: {what}{outcome}", outcome_unknown=unknown, retryable=retryable)


def _kind(status: int, message: str) -> type[errors.APIError]:
    # Plusofon's table of answers: 500 with a text in «message» means «нет доступа», no access. Laravel's own words for
    # a crash are "Server Error".
    if status == 500 and message and message != "Server Error":
        return errors.PermissionDeniedError
    return _KINDS.get(status, errors.ServerError if status >= 500 else errors.APIError)


def _remedy(error: errors.APIError, settings: Settings) -> str:
    """Return what the user can do about an answer."""
    if isinstance(error, (errors.AuthenticationError, errors.PermissionDeniedError)):
        return settings.token_remedy()
    client_id = f"the client id ({settings.client_id}, of {settings.source('client_id')})"
    base_url = f"the base URL (of {settings.source('base_url')})"
    if isinstance(error, errors.NotFoundError):
        return f"Check {base_url} and {client_id}."
    if isinstance(error, errors.BadRequestError):
        return "Check the codes that were sent."
    if isinstance(error, errors.RateLimitError):
        wait = f"{error.retry_after:.0f} s, as the answer asks," if error.retry_after else "a minute"
        return f"Wait {wait} and try again."
    if isinstance(error, errors.UnexpectedResponseError):
        token = f"the token (of {settings.source('token')})"
        return f"Check {token}, {client_id}, {base_url}, and whether a proxy answers in Plusofon's place."
    return "Try again; if it stays so, ask Plusofon's support."


def _message(decoded: object) -> str:
    """Return the API's own words: ``message``, or ``error`` (a text or an object), and Laravel's ``errors``."""
    if not isinstance(decoded, dict):
        return ""
    error, fields = decoded.get("error"), decoded.get("errors")
    candidates = [decoded.get("message"), error.get("message") if isinstance(error, dict) else error]
    words = [text for text in candidates if isinstance(text, str) and text.strip()][:1]
    if isinstance(fields, dict):
        words += [text for texts in fields.values() if isinstance(texts, list) for text in map(str, texts)]
    return " ".join(dict.fromkeys(words)) or _message(decoded.get("data"))


def _says_no(decoded: object) -> bool:
    """Return True if a good status carries a failure: ``success: false``, or a JSON-RPC ``error``, also in ``data``."""
    if not isinstance(decoded, dict):
        return False
    says_no = decoded.get("success") in (False, "false", "0") or bool(decoded.get("error"))
    return says_no or _says_no(decoded.get("data"))


def _excerpt(call: Call, headers: Mapping[str, str], content: bytes) -> str:
    """Return the content type and the beginning of a body that is not JSON."""
    text = one_line(_body(call, content), _LONGEST_EXCERPT)
    return f" ({headers.get('Content-Type', 'no content type')}: {text})" if text else " (its body is empty)"


def _retry_after(header: str) -> float | None:
    """Return the pause that a ``Retry-After`` header asks for, in seconds (RFC 9110, 10.2.3: a number or a date)."""
    try:
        return max(0.0, urllib3.util.Retry().parse_retry_after(header))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
