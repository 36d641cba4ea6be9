"""The dynamic resource providers: what Pulumi's engine calls, in the plugin process.

State stores the providers by reference to this module, so the dotted path of each class is a state format: never move
one. They take no arguments and keep no attributes before `configure`, so that nothing else, least of all a token, is
pickled into state.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown

from plusofon_pulumi.directions import Direction, normalise_code
from plusofon_pulumi.errors import ConfigurationError, InvalidCallingCodeError, PlusofonError, UnknownDirectionError
from plusofon_pulumi.settings import Settings

if TYPE_CHECKING:
    from plusofon_pulumi.account import Account

_Method = TypeVar("_Method", bound=Callable[..., Any])


class _Tracebacks:
    """Show foreseen errors without a traceback, unforeseen ones with it.

    The host prints `traceback.format_exc()` of whatever leaves a provider, and only `sys.tracebacklimit`, which belongs
    to the whole process, shortens that. So it is 0 from when a foreseen error leaves until that same thread, having
    printed it, enters the next call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leaving: set[int] = set()

    def enter(self) -> None:
        with self._lock:
            self._leaving.discard(threading.get_ident())
            if not self._leaving and hasattr(sys, "tracebacklimit"):
                del sys.tracebacklimit

    def leave(self) -> None:
        with self._lock:
            self._leaving.add(threading.get_ident())
            sys.tracebacklimit = 0

    def restore(self) -> None:
        with self._lock:
            self._leaving.clear()
            if hasattr(sys, "tracebacklimit"):
                del sys.tracebacklimit


_tracebacks = _Tracebacks()


def _foreseen(method: _Method) -> _Method:
    """Let a PlusofonError leave a provider's method as its text alone, and nothing else so."""

    @functools.wraps(method)
    def wrapper(*args: Any) -> Any:
        _tracebacks.enter()
        try:
            return method(*args)
        except PlusofonError as error:
            _tracebacks.leave()
            # format_exc prints what an error came from, too.
            error.__cause__, error.__suppress_context__ = None, True
            raise
        except Exception:
            _tracebacks.restore()
            raise

    return wrapper  # type: ignore[return-value]  # the wrapper keeps the method's signature


_accounts: dict[Settings, Account] = {}
_accounts_lock = threading.Lock()


def _account(settings: Settings) -> Account:
    """Return the one Account of a cabinet: all providers of a process share its snapshot, writer and claims."""
    # Imported here, for programs that only declare resources need neither requests nor its start-up time.
    from plusofon_pulumi.account import Account  # noqa: PLC0415

    with _accounts_lock:
        if settings not in _accounts:
            _accounts[settings] = Account(settings)
        return _accounts[settings]


class _CabinetProvider(ResourceProvider):
    """Share what both kinds of resources need: the cabinet, and one line to the user per fact."""

    # The reference to the class is no secret, and a diff of state stays readable.
    serialize_as_secret_always = False

    def __reduce__(self) -> tuple[type[_CabinetProvider], tuple[()]]:
        return (type(self), ())

    def configure(self, req: ConfigureRequest) -> None:
        """Take over the stack's configuration; a missing token is told by `check`, where it is shown in plain words."""
        self._told: set[str] = set()
        self._settings: Settings | ConfigurationError
        try:
            self._settings = Settings.from_config(req.config.get, os.environ)
        except ConfigurationError as error:
            self._settings = error

    def _cabinet(self) -> Account:
        if isinstance(self._settings, ConfigurationError):
            raise self._settings
        return _account(self._settings)

    def _tell(self, notice: str) -> None:
        """Show a line among the stack's diagnostics, once, though the engine may ask twice."""
        if notice not in self._told:
            self._told.add(notice)
            # One write of one whole line: the lines of two threads would mix otherwise.
            sys.stderr.write(f"{notice}\n")
            sys.stderr.flush()

    def _code(self, value: Any) -> str:
        """Return the calling code that a program gives; raise InvalidCallingCodeError, with the code of a name."""
        try:
            return normalise_code(value)
        except InvalidCallingCodeError as error:
            if isinstance(value, str) and any(map(str.isalpha, value)):
                named = ", ".join(map(str, self._cabinet().search(value)[:5]))
                if named:
                    raise InvalidCallingCodeError(f"{error}; the catalogue has {named}") from None
            raise


class AllowedDirectionProvider(_CabinetProvider):
    """Keep one calling code open."""

    @_foreseen
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse, before any write, what cannot work; return the code as its digits."""
        value = news.get("code")
        if isinstance(value, Unknown):
            return CheckResult({"code": value}, [])
        try:
            return CheckResult({"code": self._checked(value, olds.get("code"))}, [])
        except PlusofonError as error:
            # The engine shows a property's value with its failure; for a missing token, say, that would mislead.
            is_about_code = isinstance(error, (InvalidCallingCodeError, UnknownDirectionError))
            return CheckResult({"code": value}, [CheckFailure("code" if is_about_code else "", str(error))])

    def _checked(self, value: Any, old: Any) -> str:
        if value is None:
            raise InvalidCallingCodeError('it is missing: give the calling code to open, such as "36"')
        code = self._code(value)
        cabinet = self._cabinet()
        # Claimed before anything else can fail: what is declared is not closed because something else went wrong.
        cabinet.claims.claim(code)
        try:
            if code == old:
                # Known to the catalogue since it was made; `diff` reads the same snapshot next.
                cabinet.open_directions()
            else:
                cabinet.direction(code)
        except PlusofonError:
            cabinet.claims.mark(code, failed=True)
            raise
        return code

    @_foreseen
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare with the live list: another code replaces the resource, a closed one is opened again by an update."""
        code = news.get("code")
        if code != olds.get("code"):
            return DiffResult(changes=True, replaces=["code"], delete_before_replace=False)
        if code in self._cabinet().open_directions():
            return DiffResult(changes=False)
        self._tell(f"{_recorded(olds)} was closed outside Pulumi; `pulumi up` opens it again.")
        return DiffResult(changes=True)

    @_foreseen
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Open the code; take it over as it is where it is open already."""
        outputs = self._open(props["code"])
        return CreateResult(outputs["code"], outputs)

    @_foreseen
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read whether the code is open; only a good answer without it means that the resource is gone."""
        code = props.get("code", id_)
        direction = self._cabinet().open_directions().get(code)
        if direction is None:
            return ReadResult("", {})
        outputs = _outputs(direction) | {key: value for key, value in props.items() if key in ("name", "english_name")}
        return ReadResult(id_, outputs, {"code": code})

    @_foreseen
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Open the code again."""
        return UpdateResult(self._open(news["code"]))

    @_foreseen
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Close the code, unless the program declares it in another resource."""
        try:
            closed = self._cabinet().close(props.get("code", id_))
        except PlusofonError as error:
            raise error.about(f"{_recorded(props)} was not closed") from None
        if not closed:
            self._tell(f"{_recorded(props)} stays open: another resource of this program declares it.")

    def _open(self, code: str) -> dict[str, Any]:
        direction, notices = self._cabinet().open(code)
        for notice in notices:
            self._tell(notice)
        return _outputs(direction)


def _outputs(direction: Direction) -> dict[str, Any]:
    return {"code": direction.code, "name": direction.name, "english_name": direction.english_name}


def _recorded(outputs: dict[str, Any]) -> Direction:
    """Return the direction that state recorded; `.get`, for an alias may bring outputs of another shape."""
    return Direction(*(str(outputs.get(key, "")) for key in ("code", "name", "english_name")))
