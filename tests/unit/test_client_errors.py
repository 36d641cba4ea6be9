"""What an answer, or the lack of one, means: the kind of error, its words, and the token in none of them."""

from __future__ import annotations

import html
import inspect
import json
import pickle
import socket
import ssl
import traceback
from typing import Any
from urllib.parse import quote

import pytest
import requests
import urllib3

from plusofon_pulumi import errors
from plusofon_pulumi.client import Exchange, PlusofonClient
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import PlusofonError, RequestTimeoutError, TransportError
from plusofon_pulumi.settings import Settings
from tests.unit.support import TOKEN, URL, Answer, client_over, error_of, get, put

pytestmark = pytest.mark.usefixtures("fake_time")

SOURCES = {
    "token": "plusofon:token in the stack's configuration",
    "base_url": "the environment variable PLUSOFON_BASE_URL",
}
IN_STACK = Settings(TOKEN, base_url=URL, sources=SOURCES)
CALL = f"GET {URL}/api/v1/direction: "
CHECK_TOKEN = (
    "Check the token of plusofon:token in the stack's configuration (the account shows it under «Разработчикам → Доступ"
    " к API»); refresh and destroy use what the last `pulumi up` stored (`--run-program` uses the current one)."
)
CHECK_BASE = f"Check the base URL (of {SOURCES['base_url']}) and the client id (10553, of the default)."
CHECK_ALL = (
    "Check the token (of plusofon:token in the stack's configuration), the client id (10553, of the default), the base "
    "URL (of the environment variable PLUSOFON_BASE_URL), and whether a proxy answers in Plusofon's place."
)
CHECK_CODES = "Check the codes that were sent."
TO_LOGIN = f"{URL}/login, where the token is not sent. {CHECK_ALL}"
SUPPORT = "Try again; if it stays so, ask Plusofon's support."
BadRequest, Unauthorised, Denied = errors.BadRequestError, errors.AuthenticationError, errors.PermissionDeniedError
NotFound, Limit, Server, Other = errors.NotFoundError, errors.RateLimitError, errors.ServerError, errors.APIError
Unexpected = errors.UnexpectedResponseError
HTML = {"Content-Type": "text/html"}


@pytest.mark.parametrize(
    "status, body, headers, kind, words, says",
    [
        (400, {"message": "плохо"}, {}, BadRequest, "плохо", f"the answer is 400, «плохо». {CHECK_CODES}"),
        (422, {"message": "x", "errors": {"a": ["y", "x"], "b": "z"}}, {}, BadRequest, "x y", "is 422, «x y». "),
        (401, {}, {}, Unauthorised, "", f"the answer is 401. {CHECK_TOKEN}"),
        (403, {"message": "нет"}, {}, Denied, "нет", f"the answer is 403, «нет». {CHECK_TOKEN}"),
        (404, {"error": "нет"}, {}, NotFound, "нет", f"the answer is 404, «нет». {CHECK_BASE}"),
        (404, {"error": {"message": "нет"}}, {}, NotFound, "нет", f"the answer is 404, «нет». {CHECK_BASE}"),
        (400, {"message": "x" * 5000}, {}, BadRequest, f"{'x' * 299}…", f"«{'x' * 299}…»"),
        (418, {"message": " "}, {}, Other, "", f"the answer is 418. {SUPPORT}"),
        (429, {}, {}, Limit, "", "the answer is 429. Wait a minute and try again."),
        (429, {}, {"Retry-After": "3600"}, Limit, "", "Wait 3600 s, as the answer asks, and try again."),
        (500, {"message": "нет доступа"}, {}, Denied, "нет доступа", f"500, «нет доступа». {CHECK_TOKEN}"),
        (500, {"message": "Server Error"}, {}, Server, "Server Error", f"is 500, «Server Error». {SUPPORT}"),
        (500, b"", {}, Server, "", f"the answer is 500. {SUPPORT}"),
        (503, b"<h1>Down</h1>\n", HTML, Server, "", f"the answer is 503 (text/html: <h1>Down</h1>). {SUPPORT}"),
        # A good status, and yet no good answer.
        (200, {"success": False, "message": "нет"}, {}, Unexpected, "нет", "(200) says that it failed, «нет»"),
        (200, {"success": "false"}, {}, Unexpected, "", f"the answer (200) says that it failed. {CHECK_ALL}"),
        (200, {"error": {"code": 0, "message": "no"}}, {}, Unexpected, "no", "says that it failed, «no»"),
        (201, {"data": {"success": False, "message": "no"}}, {}, Unexpected, "no", "says that it failed, «no»"),
        (200, b"", {}, Unexpected, "", "the answer (200) is not JSON (its body is empty). "),
        (200, b"<p>\n\x1bx" + b"y" * 200, HTML, Unexpected, "", f"is not JSON (text/html: <p> ?x{'y' * 93}…). "),
        (200, b"\xff\xfe{", {}, Unexpected, "", "the answer (200) is not JSON (no content type: "),
        (200, b"[" * 100_000, {}, Unexpected, "", "the answer (200) is not JSON ("),
        # Redirects: nothing is sent on.
        (302, b"", {"Location": "/login?next=x#y"}, Unexpected, "", f"(302) redirects to {TO_LOGIN}"),
        (301, b"", {"Location": "http://api.example:8443/a/"}, Unexpected, "", "to http://api.example:8443/a/, where"),
        (308, b"", {"Location": "//other.example"}, Unexpected, "", "redirects to https://other.example, where"),
        (304, b"", {}, Unexpected, "", f"redirects to {URL}/api/v1/direction, where"),
    ],
)
def test_an_answer_is_its_error(status: int, body: object, headers: Any, kind: Any, words: str, says: str) -> None:
    error: Any = get(Answer(status, body, headers), settings=IN_STACK)
    assert type(error) is kind
    assert (error.status_code, error.message, error.method, error.path) == (status, words, "GET", "/api/v1/direction")
    assert str(error).startswith(CALL)
    assert says in str(error)
    assert (str(error).isprintable(), len(error.body) <= 2000) == (True, True)


ANY: Any = None
NEW = urllib3.exceptions.NewConnectionError(ANY, "")
REFUSED = requests.ConnectionError(urllib3.exceptions.MaxRetryError(ANY, "", NEW))
BROKEN = requests.ConnectionError(urllib3.exceptions.ProtocolError("x", ConnectionResetError(104, "reset by peer")))
NOT_TRUSTED = requests.exceptions.SSLError(ssl.SSLCertVerificationError(1, "no issuer"))


@pytest.mark.parametrize(
    "failure, unknown, attempts, says",
    [
        (REFUSED, False, 5, "no connection could be made (NewConnectionError). Check the network and the base URL (of"),
        (requests.ConnectTimeout(), False, 5, "no connection could be made (ConnectTimeout). Check the network"),
        (requests.ReadTimeout(), True, 5, "no answer came in time. Check the network"),
        (requests.ConnectionError(TimeoutError()), True, 5, "no answer came in time. Check the network"),
        (urllib3.exceptions.ReadTimeoutError(ANY, "", ""), True, 5, "no answer came in time. "),
        (BROKEN, True, 5, "the connection broke (reset by peer). Check the network"),
        (requests.exceptions.ChunkedEncodingError(), True, 5, "the connection broke (ChunkedEncodingError)"),
        (NOT_TRUSTED, False, 1, "the certificate is not trusted (no issuer). Check REQUESTS_CA_BUNDLE"),
        (requests.exceptions.InvalidURL(), False, 1, "no request can be made (InvalidURL). Check HTTPS_PROXY and the"),
        (OSError("no such file: /ca.pem"), False, 1, "no such file: /ca.pem. Check REQUESTS_CA_BUNDLE."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_no_answer_says_why_and_if_it_was_done(failure: BaseException, unknown: bool, attempts: int, says: str) -> None:
    client, network = client_over(failure)
    error: Any = error_of(lambda: client.allow_directions(["11"]))
    assert type(error) is (RequestTimeoutError if "in time" in says else TransportError)
    assert (error.outcome_unknown, len(network.sent)) == (unknown, attempts)
    assert f"PUT {URL}/api/v1/direction: {says}" in str(error)
    assert str(error).endswith("Whether it was carried out is not known." if unknown else "It was not carried out.")
    assert "carried out" not in str(get(failure))


def test_every_exception_of_requests_becomes_ours() -> None:
    kinds: list[Any] = [each for each in vars(requests.exceptions).values() if inspect.isclass(each)]
    kinds = [kind for kind in kinds if issubclass(kind, requests.RequestException)]
    assert len(kinds) > 20
    for kind in kinds:
        failure = kind("x", "y", 0) if issubclass(kind, json.JSONDecodeError) else kind("x")
        assert isinstance(put(failure), TransportError), kind


@pytest.mark.parametrize(
    "variable, value, says",
    [
        ("HTTPS_PROXY", "http://user:secret@{closed}", "the proxy '{closed}' does not work (Connection refused). Che"),
        ("HTTPS_PROXY", "http://user:secret@[::1", "no request can be made (LocationParseError). Check HTTPS_PROXY"),
        ("HTTPS_PROXY", "http://user:secret/x@{closed}", "no request can be made (LocationParseError). Check HTTPS"),
        ("HTTPS_PROXY", "http://", "no request can be made (InvalidProxyURL). Check HTTPS_PROXY and the base URL"),
        ("HTTPS_PROXY", "other://user:secret@{closed}", "no request can be made (ProxySchemeUnknown). Check HTTPS_P"),
        ("REQUESTS_CA_BUNDLE", "/no/such.pem", "invalid path: /no/such.pem. Check REQUESTS_CA_BUNDLE."),
    ],
)
def test_a_network_setting_that_cannot_work_is_named_and_not_tried_again(
    variable: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Exchange] = []
    monkeypatch.delenv("no_proxy", raising=False)
    settings = Settings(TOKEN, base_url="https://api.invalid")
    with socket.socket() as held, PlusofonClient(settings, observe=seen.append) as client:
        held.bind(("127.0.0.1", 0))  # and nobody listens
        closed = f"127.0.0.1:{held.getsockname()[1]}"
        monkeypatch.setenv(variable, value.format(closed=closed))
        error = error_of(lambda: client.deny_directions(["36"]))
    assert isinstance(error, TransportError)
    assert (error.outcome_unknown, len(seen), "secret" in str(error)) == (False, 1, False)
    assert says.format(closed=closed) in str(error)
    assert str(error).endswith("It was not carried out.")


ODD = "12|Sec/Ret+<&>=x"
JSON = json.dumps(ODD)[1:-1]
FORMS = [ODD, ODD.upper(), JSON, JSON.replace("/", "\\/"), quote(ODD), quote(ODD, safe=""), html.escape(ODD)]


def everything(error: PlusofonError) -> str:
    """Return all that anybody could print of an error, or store."""
    assert error.__cause__ is None
    assert error.__context__ is None or "Sec" not in str(error.__context__)
    shown = "".join(traceback.format_exception(error))
    return f"{shown}{error!r}{vars(error)}{pickle.loads(pickle.dumps(error)).args}"  # noqa: S301  # our own


@pytest.mark.parametrize("form", FORMS)
def test_the_token_is_in_nothing_that_comes_of_an_answer(form: str) -> None:
    bodies = [(status, '{"message": "Bearer TOKEN, or TOKEN"}') for status in (200, 400, 401, 429, 500, 503)]
    bodies += [(404, '{"error": {"message": "TOKEN"}}'), (422, '{"errors": {"a": ["TOKEN"]}}')]
    bodies += [(200, '{"success": false, "message": "%sTOKEN"}' % ("y" * 295)), (200, "<p>TOKEN</p>")]
    bodies += [(200, '{"directions": [{"code": "TOKEN"}]}'), (200, '{"directions": {"TOKEN": {}}}')]
    bodies += [(502, "y" * 1995 + "TOKEN")]
    failures: list[Any] = [requests.ReadTimeout(form, request=requests.Request("GET", URL, {"Authorization": ODD}))]
    failures += [Answer(302, b"", {"Location": f"https://api.example/{form}?{form}"})]
    failures += [Answer(status, body.replace("TOKEN", form).encode(), HTML) for status, body in bodies]
    for failure in failures:
        shown = everything(get(failure, settings=Settings(ODD, base_url=URL))).casefold()
        assert not [part for part in ("ret+", "ret%2b", "sec/", "sec%2f", "sec\\") if part in shown], failure


def test_the_token_is_in_no_direction_and_in_nothing_that_is_observed() -> None:
    seen: list[Exchange] = []
    body = {"directions": {"36": {"name": ODD, "english_name": f"«{ODD}»"}}, "echo": [ODD, {ODD: {}}]}
    client, _ = client_over(Answer(200, body), settings=Settings(ODD, base_url=URL), observe=seen.append)
    assert client.get_allowed_directions() == [Direction("36", "***", "«***»")]
    assert ODD not in str(seen[0].body)
    assert "«***»" in str(seen[0].body)


def test_our_own_words_stay_whole_however_short_the_token_is() -> None:
    for settings in (Settings("e", base_url=URL), Settings("t", base_url=URL)):
        error = get(Answer(401, {"message": f"<{settings.token}>"}), settings=settings)
        assert str(error).startswith(f"{CALL}the answer is 401, «<***>». Check the token of the program (the account ")
        assert "an entry is not an object" in str(get(Answer(200, {"directions": [5]}), settings=settings))
