"""AllowedDirectionsProvider: keeps exactly the declared calling codes open, and all others closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    UpdateResult,
)
from pulumi.output import Unknown

from plusofon_pulumi.directions import Direction, by_code
from plusofon_pulumi.errors import ConfigurationError, PlusofonError, UnknownDirectionError
from plusofon_pulumi.identity import DIRECTIONS_ID as ID
from plusofon_pulumi.provider.base import AccountProvider, foreseen, recorded_direction

if TYPE_CHECKING:
    from plusofon_pulumi.account import Account, OpenList

ON_DESTROY = ("retain", "close")
# How many of many wrong codes are told.
MOST_TOLD = 10
NOT_KNOWN = "Not all codes are known yet: what closes and what opens is only told by the update."


class AllowedDirectionsProvider(AccountProvider):
    """Own the whole list of open directions."""

    def configure(self, req: ConfigureRequest) -> None:
        """Take over the stack's configuration."""
        super().configure(req)
        self._recorded_before: dict[str, Direction] | None = None
        self._is_program_known = False

    @foreseen
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse, before any write, what cannot work; return the codes as sorted digits, each once."""
        self._is_program_known = True
        codes, on_destroy = news.get("codes"), news.get("on_destroy", ON_DESTROY[0])
        failures = _failed_shape(codes, on_destroy)
        if isinstance(codes, list):
            codes = self._checked(codes, olds, failures)
        rest = len(failures) - MOST_TOLD
        if rest > 0:
            failures[MOST_TOLD:] = [CheckFailure("", f"others that cannot work: {rest}")]
        return CheckResult({"codes": codes, "on_destroy": on_destroy}, failures)

    @foreseen
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare with the live list, and tell each code that an update would close or open."""
        codes: Any = news.get("codes")
        if not _is_known(codes):
            self.tell(NOT_KNOWN)
            return DiffResult(changes=True)
        live = self.account().open_directions()
        recorded = _recorded_by_code(olds)
        # A refresh asks with the old inputs, which say nothing of what the program will do.
        if self._is_program_known:
            # After a refresh in the same process, only `read` has seen what state recorded before.
            self._tell_plan(set(codes), live, recorded if self._recorded_before is None else self._recorded_before)
        is_recorded = set(codes) == recorded.keys() and news.get("on_destroy") == olds.get("on_destroy")
        return DiffResult(changes=not is_recorded or set(codes) != live.keys())

    @foreseen
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the live list equal; what is open already and declared is taken over as it is."""
        return CreateResult(ID, self._make(props, {}))

    @foreseen
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read what is open, as outputs and as inputs, so that drift shows as a difference; an empty list is a list."""
        live = self.account().open_directions()
        recorded = self._recorded_before = _recorded_by_code(props)
        on_destroy = props.get("on_destroy", ON_DESTROY[0])
        outputs = _outputs((recorded.get(code, live[code]) for code in sorted(live)), on_destroy)
        return ReadResult(id_, outputs, {"codes": list(outputs["codes"]), "on_destroy": on_destroy})

    @foreseen
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Make the live list equal."""
        return UpdateResult(self._make(news, olds))

    @foreseen
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Leave everything open (``retain``), or close what was last recorded and is not declared (``close``)."""
        recorded = _recorded_by_code(props).values()
        if props.get("on_destroy") == "close":
            left, why = self.account().close(recorded), "the program declares it"
        else:
            left, why = self._given_up(recorded), 'on_destroy is "retain"'
        for direction in left:
            self.tell(f"{direction} stays open: {why}.")

    def _given_up(self, recorded: Collection[Direction]) -> list[Direction]:
        try:
            return self.account().give_up(recorded)
        except ConfigurationError:
            # Nothing is called, so no token is needed; and without one, nothing is declared.
            return list(recorded)

    def _checked(self, given: list[Any], olds: dict[str, Any], failures: list[CheckFailure]) -> Any:
        """Return the codes of a list, sorted and each once; add a failure for each that cannot work."""
        try:
            account = self.account()
        except ConfigurationError as error:
            failures.append(self.failed_check("", error))
            return given
        codes: dict[str, int] = {}
        for index, value in enumerate(given):
            if not isinstance(value, Unknown):
                try:
                    codes.setdefault(self.code(value), index)
                except PlusofonError as error:
                    failures.append(self._failed_element(index, error))
        # Claimed whatever else fails: what is declared is not closed because something went wrong.
        account.claims.claim(codes)
        if not failures:
            self._ask(account, codes, olds, failures, is_known=_is_known(given))
        if failures:
            account.claims.mark(codes, failed=True)
            return given
        return sorted(codes) + [value for value in given if isinstance(value, Unknown)]

    def _ask(
        self,
        account: Account,
        codes: Mapping[str, int],
        olds: dict[str, Any],
        failures: list[CheckFailure],
        *,
        is_known: bool,
    ) -> None:
        """Ask the account what can be known before a write: that new codes exist, and that the list can be read."""
        try:
            for code in sorted(codes.keys() - _old_codes(olds), key=codes.__getitem__):
                try:
                    account.direction(code)
                except UnknownDirectionError as error:
                    failures.append(self._failed_element(codes[code], error))
            # `diff` reads the same snapshot next. Before a creation the engine asks nothing but `check`.
            live = account.open_directions()
        except PlusofonError as error:
            failures.append(self.failed_check("", error))
            return
        if not olds and not failures:
            if is_known:
                self._tell_plan(codes.keys(), live, None)
            else:
                self.tell(NOT_KNOWN)

    def _failed_element(self, index: int, error: PlusofonError) -> CheckFailure:
        # Without the property's name: the engine would show the element as `<nil>`.
        return self.failed_check("", error.about(f"codes[{index}]"))

    def _tell_plan(self, codes: AbstractSet[str], live: OpenList, recorded: Mapping[str, Direction] | None) -> None:
        """Tell each code that will close or open; ``recorded`` is what state recorded, None before a creation."""
        known = recorded or {}
        for code in sorted(live.keys() - codes):
            is_drift = recorded is not None and code not in recorded
            what = "was opened outside Pulumi" if is_drift else "is open and not declared"
            self.tell(f"{known.get(code) or self.account().look_up(code)} {what}; `pulumi up` closes it.")
        for code in sorted(codes - live.keys()):
            what = "was closed outside Pulumi" if code in known else "is declared and not open"
            self.tell(f"{known.get(code) or self.account().look_up(code)} {what}; `pulumi up` opens it.")

    def _make(self, news: dict[str, Any], olds: dict[str, Any]) -> dict[str, Any]:
        account = self.account()
        codes = sorted(news["codes"])
        for notice in account.make_exactly(frozenset(codes)):
            self.tell(notice)
        recorded = _recorded_by_code(olds)
        return _outputs((recorded.get(code, account.describe(code)) for code in codes), news["on_destroy"])


def _failed_shape(codes: Any, on_destroy: Any) -> list[CheckFailure]:
    """Refuse what is no list: never is it taken for "all" or for "none"."""
    failures = []
    if codes is None:
        failures.append(
            CheckFailure(
                "codes", "it is missing: give the list of codes that are open; an empty list closes everything"
            )
        )
    elif not isinstance(codes, (list, Unknown)):
        failures.append(CheckFailure("codes", 'it is not a list: give the codes as in ["7", "36"]'))
    if not isinstance(on_destroy, Unknown) and on_destroy not in ON_DESTROY:
        failures.append(CheckFailure("on_destroy", 'it is "retain" (leave the directions open) or "close"'))
    return failures


def _old_codes(olds: Mapping[str, Any]) -> set[str]:
    """Return the codes that the catalogue had when they were first checked."""
    codes = olds.get("codes")
    return set(codes) if isinstance(codes, list) and _is_known(codes) else set()


def _is_known(codes: Any) -> bool:
    return isinstance(codes, list) and not any(isinstance(code, Unknown) for code in codes)


def _recorded_by_code(outputs: Mapping[str, Any]) -> dict[str, Direction]:
    """Return the directions that state recorded, by code; an alias may bring outputs of another shape."""
    directions = outputs.get("directions")
    return by_code(map(recorded_direction, directions)) if isinstance(directions, list) else {}


def _outputs(directions: Iterable[Direction], on_destroy: str) -> dict[str, Any]:
    listed = list(directions)
    return {
        "codes": [direction.code for direction in listed],
        "directions": [direction.as_outputs() for direction in listed],
        "on_destroy": on_destroy,
    }
