"""The error tree: what each error is, what it says, and that it survives a pickle."""

from __future__ import annotations

import copy
import inspect
import pickle
import re

import pytest

import plusofon_pulumi
from plusofon_pulumi import errors
from plusofon_pulumi.errors import APIError, PlusofonError, RateLimitError, TransportError

ALL = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, PlusofonError)]
OF_THE_API = [kind for kind in ALL if issubclass(kind, APIError)]
OF_TRANSPORT = [kind for kind in ALL if issubclass(kind, TransportError)]


def made(kind: type[PlusofonError]) -> PlusofonError:
    if issubclass(kind, RateLimitError):
        error = kind("text", status_code=429, message="m", method="GET", path="/p", body="b")
        error.retry_after = 7.0
        return error
    if issubclass(kind, APIError):
        return kind("text", status_code=418, message="m", method="GET", path="/p", body="b")
    if issubclass(kind, TransportError):
        return kind("text", outcome_unknown=False)
    return kind("text")


def parents(kind: type[PlusofonError]) -> str:
    return kind.__mro__[1].__name__


def test_the_drawn_tree_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"[ │├└─]*([A-Z][A-Za-z]+Error)\b", line)
        if found:
            depth = found.start(1)
            drawn[found[1]] = above.get(max((other for other in above if other < depth), default=0), "Exception")
            above = {other: name for other, name in above.items() if other < depth} | {depth: found[1]}
    assert drawn == {kind.__name__: parents(kind) for kind in ALL}


@pytest.mark.parametrize("kind", ALL)
def test_an_error_shows_the_place_that_it_is_imported_from(kind: type[PlusofonError]) -> None:
    assert kind.__module__ == "plusofon_pulumi"
    assert getattr(plusofon_pulumi, kind.__name__) is kind


@pytest.mark.parametrize("kind", ALL)
def test_an_error_survives_a_pickle_and_a_copy(kind: type[PlusofonError]) -> None:
    error = made(kind)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  # our own
        assert (type(twin), str(twin), vars(twin)) == (kind, "text", vars(error))


@pytest.mark.parametrize("kind", ALL)
def test_about_leads_the_text_and_keeps_the_rest(kind: type[PlusofonError]) -> None:
    error = made(kind)
    told = error.about("36 (Hungary) was not opened")
    assert (type(told), str(told), vars(told)) == (kind, "36 (Hungary) was not opened: text", vars(error))
    assert str(error) == "text"


@pytest.mark.parametrize("kind", [*OF_THE_API, *OF_TRANSPORT])
def test_an_answer_or_its_absence_comes_with_a_remedy(kind: type[APIError | TransportError]) -> None:
    assert re.fullmatch(r"[A-Z].{20,}[.]", kind.remedy)


def test_an_api_error_tells_the_call_and_the_answer() -> None:
    error = made(RateLimitError)
    assert isinstance(error, RateLimitError)
    told = (error.status_code, error.message, error.method, error.path, error.body, error.retry_after)
    assert told == (429, "m", "GET", "/p", "b", 7.0)


def test_an_invalid_code_is_a_value_error_and_the_outcome_is_unknown_until_said_otherwise() -> None:
    assert issubclass(errors.InvalidCallingCodeError, ValueError)
    assert TransportError("text").outcome_unknown is True


def test_no_error_shadows_a_builtin() -> None:
    import builtins

    assert not {kind.__name__ for kind in ALL} & set(dir(builtins))
