"""AllowedDirectionProvider: keeps one calling code open."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.output import Unknown

from plusofon_pulumi.directions import Direction, normalise_code
from plusofon_pulumi.errors import DirectionNotOpenError, InvalidCallingCodeError, PlusofonError
from plusofon_pulumi.provider.base import AccountProvider, hide_traceback, recorded_direction

if TYPE_CHECKING:
    from plusofon_pulumi.account import Account

# How many plans and how many results of single directions one process shows.
MOST_LINES = 20


class AllowedDirectionProvider(AccountProvider):
    """Keep one calling code open."""

    # Codes whose opening `diff` has shown, as part of a replacement.
    _replacing: frozenset[str] = frozenset()
    _is_preview = False  # seen by a code that is not known yet: an update checks none

    @hide_traceback
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse, before any write, what cannot work; return the code as its digits."""
        value = news.get("code")
        try:
            return CheckResult({"code": self._checked(value, olds.get("code"))}, [])
        except PlusofonError as error:
            return CheckResult({"code": value}, [self.failed_check("code", error)])

    def _checked(self, value: Any, old: Any) -> Any:
        account = self.account()
        # Claimed before anything else can fail: what is declared is not closed because something else went wrong.
        try:
            code = None if isinstance(value, Unknown) else normalise_code(value)
        except InvalidCallingCodeError as error:
            account.claims.claim_single(None)
            missing = error.saying('it is missing: give the calling code to open, such as "36"')
            raise (missing if value is None else self.explained(value, error)) from None
        refusal = account.claims.claim_single(code)
        try:
            if refusal:
                raise refusal
            if code is None:
                account.open_directions()
                self._is_preview = True
                self.show_once("the code is not known yet: pulumi up shows what it opens")
                return value
            self._ask(account, code, old)
        except PlusofonError:
            account.claims.mark({code} if code else (), succeeded=False)
            raise
        if code == old:
            account.claims.mark({code}, succeeded=True)
        return code

    def _ask(self, account: Account, code: str, old: Any) -> None:
        """Ask what can be known before a write, and show what will open."""
        if code == old:
            # Known to the catalogue since it was made; `diff` reads the same snapshot next.
            account.open_directions()
            return
        direction = account.catalogue().find_one(code)
        planning_list = account.planning_list()
        if old is not None:
            self._replacing |= {code}
        elif planning_list is not None and code not in planning_list and code not in self._replacing:
            self._show_new("will open", self.opening(str(direction)))

    @hide_traceback
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare with the live list: another code replaces the resource, a closed one is opened again by an update."""
        code, account = news.get("code"), self.account()
        if code != olds.get("code"):
            if isinstance(code, str):
                self._show_replacement(account, code, recorded_direction(olds))
            elif not self._is_preview:  # the engine asks what to delete, and so to close, before its source is replaced
                return DiffResult(changes=True)
            return DiffResult(changes=True, replaces=["code"], delete_before_replace=False)
        if code in account.open_directions(code):
            return DiffResult(changes=False)
        self.show_once(f"{self.opening(str(recorded_direction(olds)))}: it was closed since the last successful update")
        return DiffResult(changes=True)

    @hide_traceback
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Open the code; take it over as it is if it is open already."""
        return CreateResult(props["code"], self._open(props["code"]))

    @hide_traceback
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read whether the code is open; only a good answer without it means that the resource is gone.

        Raises DirectionNotOpenError if the resource was looked up by its id (nothing is recorded) and is not open.
        """
        account, code = self.account(), normalise_code(props.get("code", id_))
        if (direction := account.open_directions().get(code)) is None:
            if "english_name" not in props:  # nothing is recorded: `ResourceOptions(id=…)`, or an import
                raise DirectionNotOpenError(f"{account.describe_all([code])} is not open, so it cannot be taken over")
            return ReadResult("", {})
        recorded = {key: value for key, value in props.items() if key in ("name", "english_name")}
        return ReadResult(code, direction.as_outputs() | recorded, {"code": code})

    @hide_traceback
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Open the code again."""
        return UpdateResult(self._open(news["code"]))

    @hide_traceback
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Close the code, unless the program declares it in another resource."""
        self.account().close([props.get("code", id_)], self.show_once)

    def _open(self, code: str) -> dict[str, Any]:
        return self.account().open(code, self.show_once, functools.partial(self._show_new, "were opened")).as_outputs()

    def _show_replacement(self, account: Account, code: str, old: Direction) -> None:
        new = str(account.describe(code))
        line = f"{new} is open already" if code in account.open_directions() else self.opening(new)
        self.show_once(f"{line}; {old} closes after that, unless it is declared or retained" if old.code else line)

    def _show_new(self, kind: str, line: str) -> None:
        """Show a line about a new direction, unless there have been many."""
        with self._lock:
            self._new[kind].add(line)
            count = len(self._new[kind])
        self.show_once(line if count <= MOST_LINES else f"more directions {kind} than are shown")
