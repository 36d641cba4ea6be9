"""Nothing of the HTTP library leaves the client, and the token leaves it only in the header that it is meant for."""

from __future__ import annotations

import html
import http.client
import inspect
import json
import pickle
import re
import ssl
import traceback
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import urllib3
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.client.answers import Call
from plusofon_pulumi.client.secret import Secret
from plusofon_pulumi.errors import (
    BadRequestError,
    PlusofonError,
    RequestTimeoutError,
    TransportError,
    UnexpectedResponseError,
)
from plusofon_pulumi.sandbox import Sandbox
from plusofon_pulumi.settings import Settings
from tests.unit.support import TOKEN, Wire, client_at, client_of, raw, settings_of

# With all that JSON, a URL and HTML write otherwise, and long enough to be cut in a message.
ODD_TOKEN = "12|SECRET/abc+def==&\"'<\\>" + "x" * 60

HTTP = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException)


pytestmark = pytest.mark.usefixtures("fake_time")


class Stub(BaseAdapter):
    """Stand where the network begins: note what would be sent, and raise, or answer with a body that raises."""

    def __init__(self, error: BaseException | None = None, *, in_the_body: bool = False) -> None:
        super().__init__()
        self.error = error
        self.in_the_body = in_the_body
        self.sent: list[requests.PreparedRequest] = []
        self.proxies: list[Mapping[str, str] | None] = []

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self.sent.append(request)
        self.proxies.append(proxies)
        if self.error is not None and not self.in_the_body:
            if isinstance(self.error, requests.RequestException):
                self.error.request = request
            raise self.error
        response = requests.Response()
        response.status_code = 200
        response.request = request
        response.raw = Body(self.error)
        return response

    def close(self) -> None:
        """Have nothing to close."""


class Body:
    """An answer's body, which raises or holds an empty list."""

    def __init__(self, error: BaseException | None) -> None:
        self._error = error
        self._chunks = [b"", b'{"directions": {}}']

    def read(self, most: int) -> bytes:
        if self._error is not None:
            raise self._error
        return self._chunks.pop()

    def close(self) -> None:
        """Have nothing to close."""

    release_conn = close


def client_over(stub: Stub, token: str = TOKEN, url: str = "https://api.example") -> PlusofonClient:
    client = PlusofonClient(Settings(token, base_url=url))
    client._transport._session.mount(url, stub)
    return client


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def everything_shown(error: PlusofonError) -> str:
    shown = [str(error), repr(error), repr(vars(error)), *map(str, vars(error).values())]
    shown += [repr(pickle.dumps(error)), pickle.dumps(error, 0).decode("latin-1")]
    for each in chain(error):
        shown += [str(each), repr(each), *traceback.format_exception(each)]
    return "\n".join(shown)


def failure_of(call: Any) -> PlusofonError:
    with pytest.raises(PlusofonError) as caught:
        call()
    return caught.value


# Every exception of the libraries below


def _exceptions() -> dict[str, BaseException]:
    says = f"Bearer {TOKEN}"
    made: dict[str, BaseException] = {}
    pool: Any = None
    special: dict[type, tuple[Any, ...]] = {
        requests.exceptions.JSONDecodeError: (says, says, 0),
        urllib3.exceptions.PoolError: (pool, says),
        urllib3.exceptions.RequestError: (pool, says, says),
        urllib3.exceptions.ProxyError: (says, OSError(says)),
        urllib3.exceptions.MaxRetryError: (pool, says, OSError(says)),
        urllib3.exceptions.HostChangedError: (pool, says),
        urllib3.exceptions.ReadTimeoutError: (pool, says, says),
        urllib3.exceptions.NewConnectionError: (pool, says),
        urllib3.exceptions.EmptyPoolError: (pool, says),
        urllib3.exceptions.ClosedPoolError: (pool, says),
        urllib3.exceptions.IncompleteRead: (5, 10),
        urllib3.exceptions.InvalidChunkLength: (
            type("Response", (), {"tell": lambda _: 5, "length_remaining": 5})(),
            says.encode(),
        ),
        urllib3.exceptions.HeaderParsingError: ([], says),
    }
    for name in ("FullPoolError", "NameResolutionError"):  # not in urllib3 1
        if kind := getattr(urllib3.exceptions, name, None):
            special[kind] = (pool, says) if name == "FullPoolError" else (says, pool, OSError(says))
    for module in (requests.exceptions, urllib3.exceptions):
        for name, kind in vars(module).items():
            ours = inspect.isclass(kind) and issubclass(kind, HTTP) and not issubclass(kind, Warning)
            if ours:
                made[f"{module.__name__}.{name}"] = kind(*special.get(kind, (says,)))
    for error in (
        OSError(says),
        OSError(5, says),
        ConnectionResetError(104, says),
        BrokenPipeError(32, says),
        TimeoutError(says),
        ssl.SSLError(1, says),
        UnicodeError(says),
        ValueError(says),
        requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, says, OSError(says))),
        requests.ConnectionError(urllib3.exceptions.ProtocolError(says, ConnectionResetError(104, says))),
        requests.ConnectionError(),
        requests.RequestException(says, response=requests.Response()),
    ):
        made[f"{type(error).__name__}-{len(made)}"] = error
    return made


EXCEPTIONS = _exceptions()


def test_the_walk_meets_all_exceptions_of_requests_and_urllib3() -> None:
    for base in (requests.RequestException, urllib3.exceptions.HTTPError):
        kinds = {type(error) for error in EXCEPTIONS.values()}
        pending, known = [base], set[type]()
        while pending:
            kind = pending.pop()
            known.add(kind)
            pending += kind.__subclasses__()
        public = {kind for kind in known if kind.__module__ in ("requests.exceptions", "urllib3.exceptions")}
        assert {kind for kind in public if not issubclass(kind, Warning)} <= kinds


@pytest.mark.parametrize("name", EXCEPTIONS)
@pytest.mark.parametrize("in_the_body", [False, True])
@pytest.mark.parametrize("call", ["get_allowed_directions", "allow_directions"])
def test_only_our_own_errors_leave_the_client(name: str, in_the_body: bool, call: str) -> None:
    stub = Stub(EXCEPTIONS[name], in_the_body=in_the_body)
    client = client_over(stub)
    error = failure_of(lambda: getattr(client, call)(*[["1"]][: call == "allow_directions"]))
    assert isinstance(error, TransportError)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert TOKEN not in everything_shown(error)
    assert all(sent.headers["Authorization"] == f"Bearer {TOKEN}" for sent in stub.sent)
    assert len(stub.sent) == 5


NOT_TRUSTED = urllib3.exceptions.MaxRetryError(
    None,  # type: ignore[arg-type]
    "",
    urllib3.exceptions.SSLError(ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")),
)


@pytest.mark.parametrize(
    "error,kind,unknown",
    [
        (requests.ConnectTimeout(), RequestTimeoutError, False),
        (requests.ReadTimeout(), RequestTimeoutError, True),
        (requests.Timeout(), RequestTimeoutError, True),
        (urllib3.exceptions.ReadTimeoutError(None, "", ""), RequestTimeoutError, True),  # type: ignore[arg-type]
        (requests.ConnectionError(), TransportError, True),
        (
            requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(None, "", urllib3.exceptions.NewConnectionError(None, ""))  # type: ignore[arg-type]
            ),
            TransportError,
            False,
        ),
        (requests.ConnectionError(urllib3.exceptions.ProtocolError("x", ConnectionResetError())), TransportError, True),
        (requests.exceptions.SSLError(), TransportError, True),
        (requests.exceptions.SSLError(NOT_TRUSTED), TransportError, False),
        (requests.exceptions.ChunkedEncodingError(), TransportError, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_whether_a_write_was_carried_out(error: BaseException, kind: type[TransportError], unknown: bool) -> None:
    client = client_over(Stub(error))
    failure = failure_of(lambda: client.allow_directions(["1"]))
    assert type(failure) is kind
    assert isinstance(failure, TransportError)
    assert failure.outcome_unknown is unknown


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(), ZeroDivisionError()])
def test_what_is_no_failure_of_the_network_passes_as_it_is(error: BaseException) -> None:
    stub = Stub(error)
    with pytest.raises(type(error)):
        client_over(stub).get_allowed_directions()
    assert len(stub.sent) == 1


# The token


def json_of_python(token: str) -> str:
    return json.dumps(token)[1:-1]


def json_of_php(token: str) -> str:
    return json_of_python(token).replace("/", "\\/")


def json_of_php_for_html(token: str) -> str:
    """Write a text as json_encode does with JSON_HEX_TAG, JSON_HEX_AMP, JSON_HEX_APOS and JSON_HEX_QUOT."""
    text = json_of_php(token).replace('\\"', "\\u0022")
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04X}")
    return text


def html_of_php(token: str) -> str:
    return html.escape(token).replace("&#x27;", "&#039;")


def html_by_name(token: str) -> str:
    return "".join(f"&{NAMES[character]};" if character in NAMES else character for character in token)


def each_as(form: str) -> Callable[[str], str]:
    """Return what writes each character by its number."""
    return lambda token: "".join(form.format(ord(character)) for character in token)


# Each sign, and its name in HTML.
_NAMED = """!excl #num $dollar %percnt &amp 'apos (lpar )rpar *ast +plus ,comma .period /sol :colon ;semi <lt =equals
>gt ?quest @commat [lbrack \\bsol ]rbrack ^Hat _lowbar `grave {lcub |vert }rcub "QUOT"""
NAMES = {each[0]: each[1:] for each in _NAMED.split()}

WRITERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "Python's JSON": json_of_python,
    "PHP's JSON": json_of_php,
    "PHP's JSON for HTML": json_of_php_for_html,
    "JSON by number": each_as("\\u{:04x}"),
    "a URL": lambda token: quote(token, safe=""),
    "a URL by number": each_as("%{:02x}"),
    "Python's HTML": html.escape,
    "PHP's HTML": html_of_php,
    "HTML by name": html_by_name,
    "HTML by number": each_as("&#{};"),
    "HTML by number, with zeros": each_as("&#{:05};"),
    "HTML by hexadecimal number": each_as("&#X{:X};"),
    "HTML by hexadecimal number, with zeros": each_as("&#x{:04x};"),
    "a string of Python's": each_as("\\x{:02x}"),
    "a regular expression": re.escape,
}

TOKENS = {
    "letters": "AbcDefGhi",
    "Sanctum": "12|AbCdEfGh0123456789",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.a-b_c",
    "base64": "AbC/dEf+gh==",
    "signs": "p&q<r>s\"t'u\\v%w",
    "all signs": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "backslashes": "\\\\\\",
    "backslashes and signs": '\\.\\/\\"\\\\x',
    "what looks like escapes": "%41\\u0042&#67;&amp;%2541\\/",
    "odd": ODD_TOKEN,
}


def forms(token: str, times: int = 2) -> set[str]:
    """Return all ways to write a token by so many writers, one after the other."""
    written = {token}
    for _ in range(times):
        written = {write(form) for form in written for write in WRITERS.values()}
    return written


ECHOES: dict[str, dict[str, Any]] = {
    "the sandbox's echo": {"fault": "echo:400"},
    "echo of a refused token": {"fault": "echo:401"},
    "echo of a 500": {"fault": "echo:500"},
    "echo of a busy service": {"fault": "echo:503", "n": 5},
    "echo of too many calls": {"fault": "echo:429", "n": 5},
    "in error": {"fault": "status:404", "body": {"error": f"no {ODD_TOKEN}!"}},
    "in errors": {"fault": "status:422", "body": {"errors": {"a": [ODD_TOKEN], "b": [f"<{ODD_TOKEN}>"]}}},
    "twice": {"fault": "status:400", "body": {"message": ODD_TOKEN * 2}},
    "in success false": {"fault": "status:200", "body": {"success": False, "message": ODD_TOKEN}},
    "in a redirect": {"fault": f"redirect:https://{ODD_TOKEN}.example/"},
    "in a code": {"fault": "status:200", "body": {"directions": [{"code": f"Bearer {ODD_TOKEN}"}]}},
    "in a next page that is no URL": {
        "fault": "status:200",
        "body": {"data": [], "next_page_url": f"https://[{ODD_TOKEN}/?page=2"},
    },
    "as text": {"fault": "status:400", "body": f"<p>{ODD_TOKEN}</p>" * 3},
    **{
        f"cut at {before}": {"fault": "status:400", "body": {"message": "y" * before + ODD_TOKEN}}
        for before in (210, 250, 280, 295, 299, 300)
    },
    **{f"body cut at {before}": {"fault": "status:400", "body": "y" * before + ODD_TOKEN} for before in (1950, 1990)},
}


@pytest.mark.parametrize("echo", ECHOES)
def test_the_token_is_in_no_error_though_the_api_echoes_it(echo: str) -> None:
    with Sandbox(token=ODD_TOKEN) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(**ECHOES[echo])
        error = failure_of(client.get_allowed_directions)
    shown = everything_shown(error)
    assert not [form for form in forms(ODD_TOKEN) if form in shown]
    # Neither its beginning, where a text was cut.
    assert "SECRET" not in shown
    assert "***" in shown or "cut at" in echo or "no URL" in echo


@pytest.mark.parametrize(
    "order",
    [
        {"fault": "redirect:https://SecretToken.example/"},
        {"fault": "status:200", "body": {"data": [], "next_page_url": "https://SecretToken.example/?page=2"}},
    ],
)
def test_the_token_is_not_shown_as_a_hosts_name(order: dict[str, Any]) -> None:
    with Sandbox(token="SecretToken") as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(**order)
        error = failure_of(client.get_allowed_directions)
    assert "***.example" in str(error)
    assert "secrettoken" not in everything_shown(error).casefold()


def test_the_token_is_in_no_direction_s_name() -> None:
    row = {"code": "36", "name": f"«{ODD_TOKEN}»", "english_name": json_of_php_for_html(ODD_TOKEN), "id": 7}
    with Sandbox(token=ODD_TOKEN) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(2, "status:200", body={"directions": [row]})
        for found in (client.get_allowed_directions()[0], client.get_directions()["36"]):
            assert (found.name, found.english_name) == ("«***»", "***")


# Behind a character that no escape has, behind whole escapes, and where nothing is escaped.
@pytest.mark.parametrize(
    "around", ["«{}»", "Bearer {}", "{} {}", "\\u003c{}\\u003e", "(%20{})", "\\n{}\n", "&nbsp;{}&nbsp;"]
)
@pytest.mark.parametrize("token", TOKENS.values(), ids=list(TOKENS))
def test_the_token_is_taken_out_whole_in_each_form_and_each_within_each(token: str, around: str) -> None:
    secret = Secret(token)
    for form in forms(token):
        assert secret.taken_out_of(around.format(form, form)) == around.format("***", "***"), form


# A few backslashes are in what Python shows of any text.
@pytest.mark.parametrize("token", [token for token in TOKENS.values() if len(token) > 5])
def test_no_message_body_or_name_holds_the_token_in_any_form(token: str) -> None:
    call = Call("GET", "/", "a.example", Secret(token))
    for form in forms(token):
        # The answer's own JSON is one writer more.
        for content in (json.dumps({"message": f"«{form}»"}), json_of_php_for_html(f"«{form}»"), f"<p> {form} </p>"):
            _, error = call.judge(400, {}, content.encode())
            assert isinstance(error, BadRequestError)
            assert "***" in error.body
            shown = everything_shown(error)
            assert not [each for each in (form, token, json_of_python(form)) if each in shown]
        decoded, _ = call.judge(200, {}, json.dumps([{"name": form}]).encode())
        assert decoded == [{"name": "***"}]


TOKENS_OF_ANY_KIND = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
A_WRITER = st.sampled_from([*WRITERS.values()])


@settings(deadline=None, max_examples=300)
@given(token=TOKENS_OF_ANY_KIND, writers=st.lists(A_WRITER, max_size=3), again=st.booleans())
@example(token="&", writers=[html.escape, html.escape], again=True)
@example(token="%4", writers=[WRITERS["a URL"], WRITERS["a URL"]], again=True)
@example(token="\\", writers=[json_of_python, json_of_python], again=True)
def test_any_token_is_taken_out_whole_in_any_nesting(token: str, writers: list[Any], again: bool) -> None:
    form = token
    for write in [*writers, *[json_of_php] * again]:
        form = write(form)
    assert Secret(token).taken_out_of(f"до {form} после") == "до *** после"
    assert Secret(token.upper()).taken_out_of(form) == "***"


@settings(deadline=None)
@given(text=st.text(alphabet="aB \\/%25&#;ampu0я"), token=TOKENS_OF_ANY_KIND)
def test_a_text_without_the_token_stays_as_it_is(text: str, token: str) -> None:
    cleared = Secret(f"{token}zz").taken_out_of(text)
    assert cleared == text


def test_names_and_numbers_that_are_no_visible_character_stay() -> None:
    text = "se&#233;cret se&#xE9;cret se&nothing;cret b&Lt;c&#0;d&#999;e&#e9;%00%E9g\\u00e9h\\nз&nothing;&#00;&#;&;%%\\"
    assert Secret("secret").taken_out_of(f"{text} secret") == f"{text} ***"


# How much work it is


class Counting(Secret):
    """Count the characters that are looked at."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.looked_at = 0

    def _places(self, text: str, depth: int) -> Iterator[tuple[int, int]]:
        self.looked_at += len(text)
        return super()._places(text, depth)


# Of each text and each part of it that is decoded, one kind of escapes after the other, four times over.
MOST = 1 + 3 + 9 + 27 + 81
HURTING = ["\\", "\\.", "\\/", "&amp;", "%25", "&#0", "\\u0026amp;%5C", "%5C%5C%2525&amp;amp;\\\\u0025", ODD_TOKEN[:-1]]


@pytest.mark.parametrize("text", [part * (10**5 // len(part)) for part in HURTING], ids=HURTING)
@pytest.mark.parametrize(
    "token", [ODD_TOKEN, "\\" * 8 + "x", '\\"' * 6 + "x", "\\." * 12 + "x", "../..//x" * 9, "%&\\" * 9 + "x"]
)
def test_a_text_made_to_hurt_is_searched_in_bounded_work(token: str, text: str) -> None:
    secret = Counting(token)
    assert secret.taken_out_of(text) == text
    assert secret.looked_at <= MOST * len(text)


def test_a_text_that_cannot_hold_the_token_is_not_searched() -> None:
    secret = Counting("12|AbCdEfGh0123456789")
    for text in ("Венгрия", "Hungary &amp; Чехия", '"Hungary" ' * 20, "{}"):
        assert secret.taken_out_of(text) == text
    assert secret.looked_at == 0


def test_the_rest_of_an_echo_is_shown() -> None:
    with Sandbox(token=ODD_TOKEN) as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault="echo:400")
        error = failure_of(client.get_allowed_directions)
    assert isinstance(error, BadRequestError)
    assert error.message == "Неверный заголовок: Bearer ***"
    assert json.loads(error.body) == {"message": "Неверный заголовок: Bearer ***"}


def test_the_client_shows_no_token() -> None:
    with client_at("http://127.0.0.1:9") as client:
        inner = client._transport
        shown = (client, vars(client), inner, vars(inner._session), inner._session.auth)
        assert TOKEN not in repr(shown)


# What is around: netrc, proxies, cookies, packing


@pytest.mark.parametrize("variable", ["NETRC", "HOME"])
@pytest.mark.parametrize("url", ["https://api.example", "http://127.0.0.1:9", "https://127.0.0.1:9"])
def test_a_netrc_entry_for_the_host_changes_nothing(
    variable: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    entry = "login somebody password else\n"
    netrc.write_text(f"machine api.example {entry}machine 127.0.0.1 {entry}default {entry}", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv(variable, str(netrc if variable == "NETRC" else tmp_path))
    assert requests.utils.get_netrc_auth(url) == ("somebody", "else")
    stub = Stub()
    client_over(stub, url=url).get_allowed_directions()
    assert [sent.headers["Authorization"] for sent in stub.sent] == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_is_not_used_for_this_machine(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(raw(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")) as proxy, Sandbox() as sandbox, client_of(sandbox) as client:
        monkeypatch.setenv(variable, proxy.url)
        assert requests.utils.get_environ_proxies(sandbox.url)
        assert client.get_allowed_directions() == []
        assert proxy.requests == []


def test_a_proxy_is_used_on_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    stub = Stub()
    client_over(stub).get_allowed_directions()
    assert (stub.proxies[0] or {})["https"] == "http://proxy.example:3128"


def test_cookies_are_not_kept() -> None:
    cookie = {"Set-Cookie": "session=abc; Path=/"}
    with Sandbox() as sandbox, client_of(sandbox) as client:
        sandbox.fail_next(fault="status:200", headers=cookie, body={"directions": {}})
        client.get_allowed_directions()
        client.get_allowed_directions()
        assert [request.headers.get("cookie") for request in sandbox.requests] == [None, None]
        assert len(client._transport._session.cookies) == 0


def test_packed_answers_are_not_asked_for_and_not_unpacked() -> None:
    body = zlib.compress(b'{"directions": {}}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Wire(raw(head + body)) as wire, client_at(wire.url) as client:
        error = failure_of(client.get_allowed_directions)
        (request,) = wire.requests
    assert isinstance(error, UnexpectedResponseError)
    assert b"\r\nAccept-Encoding: identity\r\n" in request


def test_a_closed_client_can_be_used_again() -> None:
    with Sandbox() as sandbox:
        client = PlusofonClient(settings_of(sandbox))
        client.close()
        assert client.get_allowed_directions() == []
        client.close()
