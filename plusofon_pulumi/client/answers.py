"""What comes of a call: the decoded body of a good answer, or the error that another one, or none, stands for.

Neither a message nor what is read ever holds the token: whatever an answer says is cleared of it first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import urllib3

from plusofon_pulumi import errors
from plusofon_pulumi.client.counters import part_named_by
from plusofon_pulumi.client.secret import Secret
from plusofon_pulumi.directions import printable
from plusofon_pulumi.settings import split_url

# How much of the API's own words is shown, and how much of an odd answer is kept.
_LONGEST_MESSAGE = 300
_LONGEST_BODY = 2000

_KINDS: dict[int, type[errors.APIError]] = {
    400: errors.BadRequestError,
    422: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
}
_Kind = TypeVar("_Kind", bound=errors.APIError)

# The decoded body of a good answer, or the error.
Outcome = tuple[object, "errors.PlusofonError | None"]


@dataclass(frozen=True, slots=True)
class Call:
    """Name a call to the API, and judge what comes of it.

    ``secret``: the token, to be taken out of texts; ``may_be_done``: an attempt before this one may have been carried
    out.
    """

    method: str
    path: str
    host: str
    secret: Secret = field(repr=False)
    may_be_done: bool = False

    def judge(self, status: int, headers: Mapping[str, str], content: bytes) -> Outcome:
        """Return the decoded body, or the error that the answer stands for."""
        decoded, odd = self._parsed(content)
        said = _message(decoded)
        if 300 <= status < 400:
            where = _host(self._cleared(headers.get("Location", ""))) or "another address"
            why = f"sends us on to {one_line(where, _LONGEST_MESSAGE)}, where the token is not sent"
            return None, self._error(errors.UnexpectedResponseError, status, why=why)
        if not 200 <= status < 300:
            return None, self._status_error(status, headers, said, content)
        if odd:
            # A write may answer with nothing at all: the live list tells what came of it.
            if self.method != "GET" and not content.strip():
                return None, None
            return None, self._error(errors.UnexpectedResponseError, status, why=odd, body=content)
        is_failure = isinstance(decoded, dict) and (_says_no(decoded.get("success")) or decoded.get("error"))
        part = part_named_by(status, headers) if self.method == "GET" else None
        if is_failure or part is not None:
            why = "says that it failed" if is_failure else f"is not the one described: {one_line(part or '', 100)}"
            return None, self._error(errors.UnexpectedResponseError, status, why=why, said=said, body=content)
        return decoded, None

    def too_much(self, status: int, headers: Mapping[str, str], why: str) -> Outcome:
        """Return the error for an answer that is too large to be read; of an error, the status says enough."""
        if 200 <= status < 300:
            return None, self._error(errors.UnexpectedResponseError, status, why=f"is not the one described: {why}")
        return self.judge(status, headers, b"")

    def unexpected(self, why: str) -> errors.UnexpectedResponseError:
        """Return the error for an answer of a good status whose content cannot be used."""
        why = one_line(self._cleared(why), _LONGEST_MESSAGE)
        return self._error(errors.UnexpectedResponseError, 200, why=f"is not the one described: {why}")

    def unanswered(self, what: str, *, late: bool = False, unknown: bool = True) -> errors.TransportError:
        """Return the error for no usable answer. ``unknown``: the call may have been carried out nevertheless."""
        kind = errors.RequestTimeoutError if late else errors.TransportError
        unknown = unknown or self.may_be_done
        outcome = " Whether it was carried out is not known." if unknown else " It was not carried out."
        text = (
            f"{self.method} {self.path} at {self.host}: {what}.{outcome if self.method != 'GET' else ''} {kind.remedy}"
        )
        return kind(self._cleared(text), outcome_unknown=unknown)

    def _status_error(self, status: int, headers: Mapping[str, str], said: str, content: bytes) -> errors.APIError:
        if status == 429:
            error = self._error(errors.RateLimitError, status, why="says that there were too many calls", said=said)
            error.retry_after = _retry_after(headers.get("Retry-After"))
            return error
        kind = _KINDS.get(status, errors.ServerError if status >= 500 else errors.APIError)
        # Plusofon's table of answers: 500 with a text in «message» means «нет доступа», no access.
        if status == 500 and said:
            kind = errors.PermissionDeniedError
        return self._error(kind, status, said=said, body=content)

    def _error(self, kind: type[_Kind], status: int, *, why: str = "", said: str = "", body: bytes = b"") -> _Kind:
        said = one_line(said, _LONGEST_MESSAGE)
        told = f"the answer ({status}) {why}" if why else f"the answer is {status}"
        told += f", «{said}»" if said else ""
        return kind(
            f"{self.method} {self.path} at {self.host}: {self._cleared(told)}. {kind.remedy}",
            status_code=status,
            message=said,
            method=self.method,
            path=self.path,
            body=_shortened(self._cleared(body.decode("utf-8", "replace")), _LONGEST_BODY),
        )

    def _parsed(self, content: bytes) -> tuple[object, str]:
        """Return decoded JSON, all its texts cleared and such as can be sent on, and what is odd about it."""
        try:
            return self._usable(json.loads(content, object_pairs_hook=_unequivocal)), ""
        except _EquivocalError:
            return None, "says two things under one name"
        except (ValueError, RecursionError):
            return None, "is not JSON"

    def _usable(self, decoded: object) -> object:
        if isinstance(decoded, str):
            return self._cleared(_sendable(decoded))
        if isinstance(decoded, list):
            return [self._usable(each) for each in decoded]
        if isinstance(decoded, dict):
            # A key is a name of the API's own, or a code: as it is, whatever the token.
            return {_sendable(key): self._usable(value) for key, value in decoded.items()}
        return decoded

    def _cleared(self, text: str) -> str:
        return self.secret.taken_out_of(text)


class _EquivocalError(ValueError):
    pass


def _unequivocal(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return a JSON object; refuse one that says two things under one name, for one of them would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[key] != value for key, value in pairs):
        raise _EquivocalError
    return found


def _sendable(text: str) -> str:
    """Return a text without halves of surrogate pairs, which JSON may hold, and the engine could not be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _host(url: str) -> str | None:
    parts = split_url(url)
    return parts.hostname if parts else None


def _says_no(success: object) -> bool:
    return success is False or success == 0 or (isinstance(success, str) and success.strip().lower() in ("false", "0"))


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
    return " ".join(dict.fromkeys(words))


def one_line(text: str, most: int) -> str:
    """Return a text of the API's as one printable line of at most so many characters."""
    return _shortened(printable(" ".join(text.split())), most)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _retry_after(header: str | None) -> float | None:
    """Return the pause that a ``Retry-After`` header asks for, in seconds (RFC 9110, 10.2.3: a number or a date)."""
    if header is None:
        return None
    try:
        return max(0.0, urllib3.util.Retry().parse_retry_after(header))
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
