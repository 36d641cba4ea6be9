"""The errors of this package, told apart by what the caller can do about them.

    PlusofonError                        everything that this package raises on purpose
    ├── ConfigurationError               no token, a bad base URL: before any request
    ├── InvalidCallingCodeError          the value cannot be a calling code (also a ValueError)
    ├── UnknownDirectionError            Plusofon's catalogue has no such code
    ├── DirectionNotChangedError         the write was sent, the live list does not show it
    ├── DirectionClaimedError            another resource of the program needs the code open
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

No message ever holds the token: the client takes it out before it makes an error.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from typing_extensions import Self


class PlusofonError(Exception):
    """Fail for a foreseen reason; the text says what failed and what to do now."""

    def about(self, what: str) -> Self:
        """Return the same error with its text led by what was being done, such as ``36 (Hungary) was not opened``."""
        told = copy.copy(self)
        told.args = (f"{what}: {self}",)
        return told


class ConfigurationError(PlusofonError):
    """Refuse settings that cannot work, before any request is sent."""


class InvalidCallingCodeError(PlusofonError, ValueError):
    """Refuse a value that cannot be a calling code (ITU-T E.164), before any request is sent."""


class UnknownDirectionError(PlusofonError):
    """Refuse a calling code that Plusofon's catalogue of directions does not have."""


class DirectionNotChangedError(PlusofonError):
    """Report a write after which the live list of open directions is not as it was asked to be."""


class DirectionClaimedError(PlusofonError):
    """Refuse to close a code that the program still declares, or to close and declare it at once."""


class TransportError(PlusofonError):
    """Report that no usable answer came.

    ``outcome_unknown`` is False where the request was certainly not carried out (a refused connection), and True
    where it may have been (no answer in time, a connection reset, a truncated answer).
    """

    remedy: ClassVar[str] = (
        "Check the network and the base URL (plusofon:baseUrl, PLUSOFON_BASE_URL or --base-url), then try again."
    )

    def __init__(self, text: str, *, outcome_unknown: bool = True) -> None:
        super().__init__(text)
        self.outcome_unknown = outcome_unknown


class RequestTimeoutError(TransportError):
    """Report that no answer came in time."""


class APIError(PlusofonError):
    """Report an answer of the API that is not the one asked for.

    ``status_code`` is the HTTP status, ``message`` the API's own words (empty where it gave none), ``method`` and
    ``path`` the call, ``body`` the first part of the answer as text.
    """

    remedy: ClassVar[str] = "Try again; if it stays so, ask Plusofon's support."

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

    remedy = "Check the codes that were sent."


class AuthenticationError(APIError):
    """Report 401: the API took the token as bad or expired."""

    remedy = "Check the token; the account shows it under «Разработчикам → Доступ к API»."


class PermissionDeniedError(APIError):
    """Report 403, or Plusofon's 500 with a message: the token may not do this."""

    remedy = AuthenticationError.remedy


class NotFoundError(APIError):
    """Report 404."""

    remedy = "Check the base URL (plusofon:baseUrl, PLUSOFON_BASE_URL or --base-url)."


class RateLimitError(APIError):
    """Report 429: too many calls. ``retry_after`` is the pause the API asked for, in seconds, or None."""

    remedy = "Wait a minute and try again."
    retry_after: float | None = None


class ServerError(APIError):
    """Report 5xx: the service, or a proxy before it, failed."""


class UnexpectedResponseError(APIError):
    """Report an answer of another kind than the API's description has, or one that says ``"success": false``."""

    remedy = (
        "Check the token, the client id (plusofon:clientId) and the base URL "
        "(plusofon:baseUrl, PLUSOFON_BASE_URL or --base-url), and whether a proxy answers in Plusofon's place."
    )


# What a user sees, in a preview too, is `plusofon_pulumi.ServerError: …`: the place that it is imported from.
for _error in [value for value in vars().values() if isinstance(value, type) and issubclass(value, PlusofonError)]:
    _error.__module__ = "plusofon_pulumi"
