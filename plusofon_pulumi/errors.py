"""The errors of this package, told apart by what the caller can do about them.

PlusofonError                        everything that this package raises on purpose
├── ConfigurationError               no token, a bad base URL: before any request
├── InvalidCallingCodeError          the value cannot be a calling code (also a ValueError)
├── UnknownDirectionError            Plusofon's catalogue has no such code or name
├── DirectionNotOpenError            a resource looked up by its id is not open
├── DirectionNotChangedError         after the write, the live list is not as it should be
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
    └── UnexpectedResponseError      2xx or 3xx that is not the answer described: not JSON,
                                     another shape, a redirect, or "success": false
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self


class PlusofonError(Exception):
    """Fail for a foreseen reason; the text says what failed and what to do now."""

    def about(self, what: str) -> Self:
        """Return the same error with its text led by what was being done, such as ``36 (Hungary) was not opened``."""
        return self.saying(f"{what}: {self}")

    def saying(self, text: str) -> Self:
        """Return the same error with another text."""
        other = copy.copy(self)
        other.args = (text,)
        return other


class ConfigurationError(PlusofonError):
    """Refuse settings that cannot work, before any request is sent."""


class InvalidCallingCodeError(PlusofonError, ValueError):
    """Refuse a value that cannot be a calling code (ITU-T E.164), before any request is sent."""


class UnknownDirectionError(PlusofonError):
    """Refuse a calling code or a name that Plusofon's catalogue of directions does not have."""


class DirectionNotOpenError(PlusofonError):
    """Refuse to take over, by its id, a direction that is not open."""


class DirectionNotChangedError(PlusofonError):
    """Report a write after which the live list of open directions is not as it should be."""


class DirectionClaimedError(PlusofonError):
    """Refuse to close a code that the program still declares."""


class CloseOnlyError(PlusofonError):
    """Refuse to open a code in a run that only closes."""


class TransportError(PlusofonError):
    """Report that no usable answer came.

    ``outcome_unknown`` is False if the request was certainly not carried out (a refused connection), and True if it
    may have been (no answer in time, a connection reset, a truncated answer). ``retryable`` is False if another
    attempt cannot succeed, such as with a proxy URL that is malformed.
    """

    def __init__(self, text: str, *, outcome_unknown: bool = True, retryable: bool = True) -> None:
        super().__init__(text)
        self.outcome_unknown = outcome_unknown
        self.retryable = retryable


class RequestTimeoutError(TransportError):
    """Report that no answer came in time."""


class APIError(PlusofonError):
    """Report an answer of the API that is not the one asked for.

    ``status_code`` is the HTTP status, ``message`` the API's own words (empty if it gave none), ``method`` and
    ``path`` the call, ``body`` the first part of the answer as text.
    """

    def __init__(
        self, text: str, *, status_code: int = 0, message: str = "", method: str = "", path: str = "", body: str = ""
    ) -> None:
        super().__init__(text)
        self.status_code = status_code
        self.message = message
        self.method = method
        self.path = path
        self.body = body


class BadRequestError(APIError):
    """Report 400 or 422: the API took a parameter as wrong."""


class AuthenticationError(APIError):
    """Report 401: the API took the token as bad or expired."""


class PermissionDeniedError(APIError):
    """Report 403, or Plusofon's 500 with a message: the token may not do this."""


class NotFoundError(APIError):
    """Report 404."""


class RateLimitError(APIError):
    """Report 429: too many calls. ``retry_after`` is the pause the API asked for, in seconds, or None."""

    retry_after: float | None = None


class ServerError(APIError):
    """Report 5xx: the service, or a proxy before it, failed."""


class UnexpectedResponseError(APIError):
    """Report an answer of another kind than the API's description has, or one that says ``"success": false``."""


# What a user sees, in a preview too, is `plusofon_pulumi.ServerError: …`: the place that it is imported from.
for _error in [value for value in vars().values() if isinstance(value, type) and issubclass(value, PlusofonError)]:
    _error.__module__ = "plusofon_pulumi"
