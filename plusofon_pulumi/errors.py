"""The errors of this package, grouped by what the caller can do about them.

PlusofonError                        everything that this package raises on purpose
├── ConfigurationError               no token, a bad base URL: before any request
├── InvalidCallingCodeError          a value cannot be a calling code (also a ValueError)
├── UnknownDirectionError            Plusofon's catalogue has no such code or name
├── DirectionNotOpenError            a resource looked up by its id is not open
├── DirectionNotChangedError         after a write, the live list is not as it should be
├── DirectionClaimedError            another resource of the program needs the code open
├── CloseOnlyError                   this run only closes (PLUSOFON_CLOSE_ONLY)
├── TransportError                   no usable answer came; see .outcome_unknown
│   └── RequestTimeoutError          no answer came in time
└── APIError                         an answer came: .status_code .message .method .path .body
    ├── BadRequestError              400, 422: a parameter is wrong
    ├── AuthenticationError          401: the token is bad or expired
    ├── PermissionDeniedError        403, or 500 with a message: the token may not do this
    ├── NotFoundError                404
    ├── RateLimitError               429; .retry_after
    ├── ServerError                  5xx
    └── UnexpectedResponseError      a redirect, or 2xx with "success": false or not the JSON described
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class PlusofonError(Exception):
    """A foreseen failure; the text says what failed and what to do now."""

    def about(self, what: str) -> Self:
        """Return the same error with a prefix that says what failed, such as ``36 (Hungary) was not opened``."""
        return self.saying(f"{what}: {self}")

    def saying(self, text: str) -> Self:
        """Return the same error with another text."""
        other = copy.copy(self)
        other.args = (text,)
        return other


class ConfigurationError(PlusofonError):
    """Settings that cannot work; no request was sent."""


class InvalidCallingCodeError(PlusofonError, ValueError):
    """A value that cannot be a calling code (ITU-T E.164); no request was sent."""


class UnknownDirectionError(PlusofonError):
    """A calling code or a name that is not in Plusofon's catalogue of directions."""


class DirectionNotOpenError(PlusofonError):
    """A resource was looked up by its id, and the direction is not open."""


class DirectionNotChangedError(PlusofonError):
    """After a write, the live list of open directions is not as it should be."""


class DirectionClaimedError(PlusofonError):
    """A code is not closed because the program still declares it."""


class CloseOnlyError(PlusofonError):
    """A code is not opened because this run only closes."""


class TransportError(PlusofonError):
    """No usable answer came.

    ``outcome_unknown``: False if the call was certainly not carried out, as after a refused connection; True if it may
    have been. ``retryable``: False if another attempt cannot succeed, as with a malformed proxy URL.
    """

    def __init__(self, text: str, *, outcome_unknown: bool = True, retryable: bool = True) -> None:
        super().__init__(text)
        self.outcome_unknown = outcome_unknown
        self.retryable = retryable


class RequestTimeoutError(TransportError):
    """No answer came in time."""


class APIError(PlusofonError):
    """An answer that is not the one asked for.

    ``status_code``, ``message`` (the API's own words, or ""), ``method``, ``path``, ``body`` (the answer's beginning).
    """

    def __init__(
        self, text: str, *, status_code: int = 0, message: str = "", method: str = "", path: str = "", body: str = ""
    ) -> None:
        super().__init__(text)
        self.status_code, self.message, self.body = status_code, message, body
        self.method, self.path = method, path


class BadRequestError(APIError):
    """400 or 422: a parameter is wrong."""


class AuthenticationError(APIError):
    """401: the token is bad or expired."""


class PermissionDeniedError(APIError):
    """403, or Plusofon's 500 with a message: the token may not do this."""


class NotFoundError(APIError):
    """404: usually a wrong base URL or client id."""


class RateLimitError(APIError):
    """429: too many calls. ``retry_after``: the pause that the API asked for, in seconds, or None."""

    retry_after: float | None = None


class ServerError(APIError):
    """5xx: the service, or a proxy in front of it, failed."""


class UnexpectedResponseError(APIError):
    """An answer that is not the one described: a redirect, not JSON, another shape, or ``"success": false``."""


# Users see `plusofon_pulumi.ServerError: …`, the place to import it from.
for _error in [value for value in vars().values() if isinstance(value, type) and issubclass(value, PlusofonError)]:
    _error.__module__ = "plusofon_pulumi"
