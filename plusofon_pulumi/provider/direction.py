"""AllowedDirectionProvider: keeps one calling code open."""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult
from pulumi.output import Unknown

from plusofon_pulumi.errors import InvalidCallingCodeError, PlusofonError
from plusofon_pulumi.provider.base import AccountProvider, foreseen, recorded_direction


class AllowedDirectionProvider(AccountProvider):
    """Keep one calling code open."""

    @foreseen
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse, before any write, what cannot work; return the code as its digits."""
        value = news.get("code")
        if isinstance(value, Unknown):
            return CheckResult({"code": value}, [])
        try:
            return CheckResult({"code": self._checked(value, olds.get("code"))}, [])
        except PlusofonError as error:
            return CheckResult({"code": value}, [self.failed_check("code", error)])

    def _checked(self, value: Any, old: Any) -> str:
        if value is None:
            raise InvalidCallingCodeError('it is missing: give the calling code to open, such as "36"')
        code = self.code(value)
        account = self.account()
        # Claimed before anything else can fail: what is declared is not closed because something else went wrong.
        account.claims.claim({code})
        try:
            if code == old:
                # Known to the catalogue since it was made; `diff` reads the same snapshot next.
                account.open_directions()
            else:
                account.direction(code)
        except PlusofonError:
            account.claims.mark({code}, failed=True)
            raise
        return code

    @foreseen
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare with the live list: another code replaces the resource, a closed one is opened again by an update."""
        code = news.get("code")
        if code != olds.get("code"):
            return DiffResult(changes=True, replaces=["code"], delete_before_replace=False)
        if code in self.account().open_directions():
            return DiffResult(changes=False)
        self.tell(f"{recorded_direction(olds)} was closed outside Pulumi; `pulumi up` opens it again.")
        return DiffResult(changes=True)

    @foreseen
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Open the code; take it over as it is where it is open already."""
        outputs = self._open(props["code"])
        return CreateResult(outputs["code"], outputs)

    @foreseen
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read whether the code is open; only a good answer without it means that the resource is gone."""
        code = props.get("code", id_)
        direction = self.account().open_directions().get(code)
        if direction is None:
            return ReadResult("", {})
        outputs = direction.as_outputs() | {
            key: value for key, value in props.items() if key in ("name", "english_name")
        }
        return ReadResult(id_, outputs, {"code": code})

    @foreseen
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Open the code again."""
        return UpdateResult(self._open(news["code"]))

    @foreseen
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Close the code, unless the program declares it in another resource."""
        for direction in self.account().close([recorded_direction({"code": id_} | props)]):
            self.tell(f"{direction} stays open: the program declares it.")

    def _open(self, code: str) -> dict[str, Any]:
        direction, notices = self.account().open(code)
        for notice in notices:
            self.tell(notice)
        return direction.as_outputs()
