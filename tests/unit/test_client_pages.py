"""Lists in pages: each is read to its last row, or refused; never is a part taken for the whole.

A matrix: where the rows stand, where the counters stand, which they are and of what type, and how the service pages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from plusofon_pulumi.client import PlusofonClient
from plusofon_pulumi.directions import Direction
from plusofon_pulumi.errors import UnexpectedResponseError
from plusofon_pulumi.settings import Settings
from tests.unit.test_malformed_answers import Answers, as_json, client_that_gets

HOST = "http://127.0.0.1:9"
PATH = f"{HOST}/api/v1/direction"
PAGES = [["7", "36"], ["58", "90"], ["998"]]
CODES = [code for page in PAGES for code in page]

Json = dict[str, Any]


def row(code: str) -> Json:
    return {"code": code, "name": "Имя", "english_name": "Name"}


# Where the rows stand, and in what form


def listed(codes: list[str]) -> object:
    return [row(code) for code in codes]


def keyed(codes: list[str]) -> object:
    return {code: row(code) for code in codes}


ROWS: dict[str, Callable[[object], Json]] = {
    "directions": lambda rows: {"directions": rows},
    "data": lambda rows: {"data": rows},
    "directions.data": lambda rows: {"directions": {"data": rows}},
    "data, directions empty": lambda rows: {"data": rows, "directions": []},
}


# Where the counters stand


def within(answer: Json, *path: str) -> Json:
    """Return the object at a path of an answer, made where it is not there."""
    for key in path:
        answer = answer.setdefault(key, {})
    return answer


PLACES: dict[str, tuple[str, ...]] = {
    "top": (),
    "meta": ("meta",),
    "info": ("info",),
    "_meta": ("_meta",),
    "links": ("links",),
    "_links": ("_links",),
    "directions": ("directions",),
    "directions.meta": ("directions", "meta"),
    "directions.links": ("directions", "links"),
    "meta.links": ("meta", "links"),
}


def fits(rows: str, place: str) -> bool:
    """Tell whether the counters can stand there: in `directions` there must be an object for them."""
    return rows == "directions.data" or not place.startswith("directions")


# What a page says of itself; `n` is its number, `last` that of the last, `write` the form of its numbers.

Write = Callable[[int], object]
Counters = Callable[[int, int, Write], Json]


def url(n: int, last: int, name: str = "page") -> str | None:
    return f"{PATH}?{name}={n}" if 1 <= n <= last else None


def laravel(n: int, last: int, write: Write) -> Json:
    labels = [("&laquo; Previous", n - 1), *((str(page), page) for page in range(1, last + 1)), ("Next &raquo;", n + 1)]
    return {
        "current_page": write(n),
        "first_page_url": url(1, last),
        "from": write(2 * n - 1),
        "last_page": write(last),
        "last_page_url": url(last, last),
        "links": [{"url": url(page, last), "label": label, "active": label == str(n)} for label, page in labels],
        "next_page_url": url(n + 1, last),
        "path": PATH,
        "per_page": write(2),
        "prev_page_url": url(n - 1, last),
        "to": write(2 * n),
        "total": write(sum(map(len, PAGES[:last]))),
    }


def simple(n: int, last: int, write: Write) -> Json:
    told = laravel(n, last, write)
    kept = {key: value for key, value in told.items() if key not in ("last_page", "last_page_url", "links", "total")}
    # Since Laravel 12.15.
    return kept | {"current_page_url": f"{PATH}?page={n}"}


def cursor(n: int, last: int, write: Write) -> Json:
    next_, prev = (f"c{page}" if 1 <= page <= last else None for page in (n + 1, n - 1))
    told = {"path": PATH, "per_page": write(2), "next_cursor": next_, "prev_cursor": prev}
    return told | {"next_page_url": next_ and f"{PATH}?page={n + 1}&cursor={next_}", "prev_page_url": None}


UNDERSTOOD: dict[str, Counters] = {
    "Laravel's": laravel,
    "Laravel's simple ones": simple,
    "Laravel's, by cursor": cursor,
    "Laravel's links alone": lambda n, last, write: {"links": laravel(n, last, write)["links"]},
    "last_page": lambda _, last, write: {"last_page": write(last)},
    "lastPage and currentPage": lambda n, last, write: {"currentPage": write(n), "lastPage": write(last)},
    "next_page_url": lambda n, last, _: {"next_page_url": url(n + 1, last)},
    "next": lambda n, last, _: {"next": url(n + 1, last), "last": url(last, last), "self": url(n, last), "prev": None},
    "next of another name": lambda n, last, _: {"next": url(n + 1, last, "page[number]")},
    "the address of the last page": lambda _, last, __: {"last": url(last, last)},
    "an address and counters": lambda n, last, write: {"next": url(n + 1, last), "last_page": write(last)},
}

# Some of these say the same, in other words: they are refused all the same, unless there is but one page.
REFUSED: dict[str, Counters] = {
    "total": lambda _, last, write: {"total": write(sum(map(len, PAGES[:last])))},
    "total_count": lambda _, last, write: {"total_count": write(sum(map(len, PAGES[:last])))},
    "count of all": lambda _, last, write: {"count": write(sum(map(len, PAGES[:last])))},
    "total and current_page": lambda n, last, write: {"total": write(sum(map(len, PAGES[:last]))), "currentPage": n},
    "has_more": lambda n, last, _: {"has_more": n < last},
    "next_cursor": lambda n, last, _: {"next_cursor": f"c{n}" if n < last else None},
    "an object as next": lambda n, last, _: {"next": {"href": url(n + 1, last)} if n < last else None},
    "a number as next": lambda n, last, _: {"next": n + 1 if n < last else None},
    "a word as next": lambda n, last, _: {"next": f"c{n}" if n < last else None},
    "next_page": lambda n, last, write: {"next_page": write(n + 1) if n < last else None},
    "no next, but a last page": lambda _, last, write: {"next_page_url": None, "last_page": write(last)},
    "no next, but a cursor": lambda n, last, _: {"next_page_url": None, "next_cursor": "c" if n < last else None},
    "no next, but a total": lambda _, last, write: {"next_page_url": None, **REFUSED["total"](1, last, write)},
    "another page as next": lambda n, last, _: {"next": url(n + 2, last + 1) if n < last else None},
    "one last page here, one there": lambda _, last, write: {"last_page": 1, "last_page_url": url(last, last)},
}

# These say that there are pages also where there is but one.
NEVER_TAKEN: dict[str, Counters] = {
    "current_page alone": lambda n, _, write: {"current_page": write(n)},
    "per_page alone": lambda _, __, write: {"per_page": write(2)},
    "limit and offset": lambda n, _, write: {"limit": write(2), "offset": write(2 * n - 2)},
    "total_pages": lambda _, last, write: {"total_pages": write(last)},
    "pageCount": lambda n, last, write: {"page": write(n), "pageCount": write(last)},
    "pages": lambda _, last, write: {"pages": write(last)},
    "totalElements": lambda n, last, write: {"totalElements": write(5), "number": n, "size": write(2)},
    "recordsTotal": lambda _, __, write: {"recordsTotal": write(5), "recordsFiltered": write(5)},
    "a pagination": lambda n, last, write: {"pagination": {"current_page": write(n), "total_pages": write(last)}},
    "a pagination beside": lambda n, last, write: {"paging": {"count": write(5)}, **laravel(n, last, write)},
    "a page": lambda n, last, write: {"page": {"number": write(n), "totalPages": write(last)}},
    "pageInfo": lambda n, last, _: {"pageInfo": {"hasNextPage": n < last, "endCursor": "c"}},
    "@odata.nextLink": lambda n, _, __: {"@odata.nextLink": url(n + 1, 9)},
    "relations": lambda n, last, _: {"links": [{"rel": "next", "href": url(n + 1, last)}]},
    "labelled relations": lambda n, _, __: {"links": [{"rel": "next", "url": f"{PATH}?c={n}", "label": str(n)}]},
    "links without numbers": lambda n, _, __: {"links": [{"url": f"{PATH}?cursor=c{n}", "label": "Next"}]},
    "a header": lambda n, last, _: {"links": f'<{url(n + 1, last)}>; rel="next"'},
}

# How a number is written

NUMBERS: dict[str, Write] = {"int": int, "float": float, "text": str, "spaced": " {} ".format, "decimal": "{}.0".format}
NO_NUMBERS: dict[str, Write] = {
    "a list": lambda n: [n],
    "an object": lambda n: {"value": n},
    "a boolean": bool,
    "words": "{} of them".format,
    "a half": lambda n: n + 0.5,
    "negative": lambda n: -n,
    "other digits": lambda n: "٠١٢٣٤٥٦٧٨٩"[n % 10],
    "infinite": lambda _: float("inf"),
}

# How the service pages: the page whose rows it gives, and the one whose counters, for the page that is asked for.

HONEST = "honest"
BEHAVIOURS: dict[str, Callable[[int], tuple[int, int]]] = {
    HONEST: lambda asked: (asked, asked),
    "ignores the page": lambda _: (1, 1),
    "ignores the page, but counts": lambda asked: (1, asked),
    "gives the second for ever": lambda asked: (min(asked, 2), asked),
    "has no rows after the first": lambda asked: (asked if asked == 1 else 99, asked),
    "is one page late": lambda asked: (max(asked - 1, 1), asked),
}


class Service:
    """Stand in for the transport: answer with the pages of one shape."""

    host = "127.0.0.1"

    def __init__(self, page: Callable[[int], Json]) -> None:
        self.page = page
        self.asked: list[int] = []

    def request(self, *_: object, query: Mapping[str, str] | None, **__: object) -> object:
        self.asked.append(int(next(iter((query or {"page": "1"}).values()))))
        return json.loads(json.dumps(self.page(self.asked[-1])))

    def __getattr__(self, name: str) -> Any:
        return getattr(PlusofonClient(Settings("a-token", base_url=HOST))._transport, name)


def read(page: Callable[[int], Json]) -> tuple[list[str] | None, Service]:
    """Return the open codes as the client reads them, None where it refuses to."""
    client = PlusofonClient(Settings("a-token", base_url=HOST))
    client._transport = service = Service(page)  # type: ignore[assignment]
    try:
        return [direction.code for direction in client.get_allowed_directions()], service
    except UnexpectedResponseError as error:
        if "is not the one described: " not in str(error):
            raise
        return None, service


def pages(
    rows: str, place: str, counters: Counters, write: Write, behaviour: str = HONEST, last: int = len(PAGES)
) -> Iterator[Callable[[int], Json]]:
    """Yield services of one kind, whose rows are a list, and an object."""
    for form in (listed, keyed):

        def page(asked: int, form: Callable[[list[str]], object] = form) -> Json:
            given, told = BEHAVIOURS[behaviour](asked)
            answer = ROWS[rows](form(PAGES[given - 1] if given <= last else []))
            within(answer, *PLACES[place]).update(counters(told, last, write))
            return answer

        yield page


CASES = [(rows, place) for rows in ROWS for place in PLACES if fits(rows, place)]
ALL = UNDERSTOOD | REFUSED | NEVER_TAKEN


@pytest.mark.parametrize("rows,place", CASES)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_pages_are_read_to_the_last_row_or_refused(rows: str, place: str, behaviour: str) -> None:
    for name, counters in ALL.items():
        for kind, write in (NUMBERS | NO_NUMBERS).items():
            if kind not in ("int", "float") and counters(1, 3, write) == counters(1, 3, int):
                continue
            for page in pages(rows, place, counters, write, behaviour):
                found, service = read(page)
                assert found is None or (found == CODES and service.asked == [1, 2, 3]), (name, kind, page(1))
                assert len(service.asked) <= len(PAGES)


@pytest.mark.parametrize("rows,place", CASES)
@pytest.mark.parametrize("name", UNDERSTOOD)
def test_pages_that_are_understood_are_followed(rows: str, place: str, name: str) -> None:
    for write in NUMBERS.values():
        for page in pages(rows, place, UNDERSTOOD[name], write):
            found, service = read(page)
            assert (found, service.asked) == (CODES, [1, 2, 3]), page(1)


@pytest.mark.parametrize("rows,place", CASES)
@pytest.mark.parametrize("name", UNDERSTOOD | REFUSED)
def test_a_list_of_one_page_is_whole(rows: str, place: str, name: str) -> None:
    for write in NUMBERS.values():
        for page in pages(rows, place, ALL[name], write, last=1):
            found, service = read(page)
            assert (found, service.asked) == (PAGES[0], [1]), page(1)


@pytest.mark.parametrize("rows,place", CASES)
@pytest.mark.parametrize("name", REFUSED | NEVER_TAKEN)
def test_what_is_not_understood_is_refused(rows: str, place: str, name: str) -> None:
    for page in pages(rows, place, ALL[name], int):
        found, service = read(page)
        assert found is None, page(1)
        assert len(service.asked) <= 2
    for page in pages(rows, place, ALL[name], int, last=1):
        assert read(page)[0] is None or name in REFUSED


@pytest.mark.parametrize("word", ["current_page", "last_page", "total", "count"])
@pytest.mark.parametrize("value", ["", *(write(1) for write in NO_NUMBERS.values())], ids=repr)
def test_a_counter_that_is_no_number_is_refused(word: str, value: object) -> None:
    answer = {"directions": [row("7")], "last_page": 1, word: value}
    assert read(lambda _: answer)[0] is None


@pytest.mark.parametrize("first", UNDERSTOOD)
@pytest.mark.parametrize("second", UNDERSTOOD)
def test_counters_in_two_places_agree_or_are_refused(first: str, second: str) -> None:
    def page(asked: int, *, last: int) -> Json:
        answer: Json = {"directions": {"data": listed(PAGES[asked - 1])}}
        within(answer, "directions").update(UNDERSTOOD[first](asked, 3, int))
        within(answer, "meta").update(UNDERSTOOD[second](min(asked, last), last, int))
        return answer

    found, service = read(lambda asked: page(asked, last=3))
    # By cursor and by number is two ways to the next page.
    ways = {"Laravel's, by cursor", "next of another name"} & {first, second}
    has_address = {"Laravel's links alone", "last_page", "lastPage and currentPage", "the address of the last page"}
    if first == second or not ways or {first, second} & has_address:
        assert (found, service.asked) == (CODES, [1, 2, 3])
    else:
        assert found is None
    assert read(lambda asked: page(asked, last=1))[0] is None


def test_a_link_to_a_page_without_a_number_of_its_own_counts() -> None:
    links = [{"url": None, "label": "«"}, {"url": url(1, 1), "label": 1}, {"url": f"{PATH}?page=2", "label": "»"}]
    found, service = read(lambda _: {"directions": listed(["7"]), "links": links})
    assert (found, service.asked) == (None, [1, 2])


# Rows in two places


@pytest.mark.parametrize(
    "answer",
    [
        {"directions": listed(["7"]), "data": listed(["36"])},
        {"directions": {"data": listed(["7"])}, "data": listed(["36"])},
        {"directions": {"data": listed(["7"]), "36": row("36")}},
        {"directions": listed(["7"]), "36": row("36")},
        {"directions": {"data": [], "1-242": row("1-242")}},
        {"directions": [], "1-242": {"name": "x"}},
        {"hungary": row("36"), "data": []},
        {"directions": [], "rows": [row("36")]},
    ],
)
def test_rows_in_two_places_are_refused(answer: Json) -> None:
    assert read(lambda _: answer)[0] is None


# What is none of it


@pytest.mark.parametrize(
    "extra",
    [
        {"path": "/api/v1/direction", "from": "2023-02-13", "to": None},
        {"links": {"self": PATH, "first": PATH}, "meta": {"version": 3, "copyright": "…"}},
        {"links": [], "meta": []},
        {"next_payment": "2027-01-01", "call_limit": 100, "account": {"total": 12.5, "count": "x"}, "country_count": 9},
        {"page_title": "Направления", "landing_page": "https://plusofon.ru", "more_info": "https://docs.example/"},
        {"limits": {"calls": 5}, "permissions": ["a"], "department": 1, "number": "+7 495", "size": 1, "index": 3},
        {
            "has_more": False,
            "next_cursor": None,
            "pagination": None,
            "offset": 0,
            "next": "",
            "pages": [],
            "cursor": "",
        },
        {"total": None, "last_page": None, "current_page": None, "per_page": None},
        {"count": 1, "total": "1"},
        {"data": None},
        {"message": "OK", "code": 200, "status": "ok", "date": "…"},
        {"meta": {"code": 200}, "status": {"code": 200, "message": "OK"}, "client": {"name": "x", "code": "10553"}},
    ],
)
def test_keys_that_do_not_speak_of_pages_are_harmless(extra: Json) -> None:
    assert read(lambda _: {"directions": listed(["7"]), **extra})[0] == ["7"]


# Rows that come twice


def test_countries_that_share_a_code_may_stand_on_two_pages() -> None:
    def page(asked: int) -> Json:
        name = ("Russia", "Kazakhstan")[asked - 1]
        return {"data": [{"code": 7, "name": name, "english_name": name}], "last_page": 2}

    assert read(page)[0] == ["7", "7"]


@pytest.mark.parametrize(
    "said",
    [
        *({"status": 500}, {"status": False}, {"status": "Error"}, {"status": "failed", "msg": "x"}, {"code": 401}),
        *({"ok": False}, {"result": False}, {"status_code": 503}, {"errorCode": 5}, {"message": "Нет доступа"}),
        *({"exception": "ErrorException"}, {"code": "500"}, {"error_message": "x"}, {"status": "unauthorized"}),
        *(
            {"Status": "ERROR"},
            {"Exception": "x"},
            {"msg": "Нет доступа"},
            {"statusCode": 503},
            {"errors": {"token": []}},
        ),
    ],
)
def test_an_empty_list_that_says_that_something_is_wrong_is_refused(said: Json) -> None:
    assert read(lambda _: {"directions": [], **said})[0] is None
    assert read(lambda _: {"directions": {"data": [], **said}})[0] is None


@pytest.mark.parametrize(
    "said",
    [
        *(
            {},
            {"success": True, "message": "OK", "code": 200},
            {"status": "success"},
            {"status": 200},
            {"status": "OK"},
        ),
        *({"status": "200"}, {"status": "200 OK"}, {"status": ""}, {"errors": []}, {"errors_count": "0"}, {"code": 0}),
        *({"meta": {"code": 200}}, {"status": {"code": 200, "message": "OK"}}, {"client": {"id": 1, "code": "10553"}}),
    ],
)
def test_an_empty_list_that_says_that_all_is_well_is_empty(said: Json) -> None:
    assert read(lambda _: {"directions": {}, **said})[0] == []


@pytest.mark.parametrize(
    "word",
    [
        *("skip", "remaining", "truncated", "partial", "incomplete", "continuation", "continue", "scroll", "chunk"),
        *("parts", "nextMarker", "next_batch", "bookmark", "resumption_token", "batches", "isLast", "complete", "done"),
    ],
)
def test_a_word_that_speaks_of_more_is_refused(word: str) -> None:
    says_more = False if word in ("isLast", "complete", "done") else "x"
    for answer in ({"directions": [row("7")], word: says_more}, {"directions": [row("7")], "pager": {word: says_more}}):
        assert read(lambda _, answer=answer: answer)[0] is None  # type: ignore[misc]


def test_rows_of_an_earlier_page_are_refused_also_where_they_are_written_otherwise() -> None:
    def page(asked: int) -> Json:
        rows = [row("7"), row("36")] if asked == 1 else [{"code": 36}, row("58")]
        return {"data": rows, "last_page": 2}

    assert read(page)[0] is None


def test_a_catalogue_of_which_an_id_comes_twice_is_refused() -> None:
    first = [{"id": "1", **row("7")}, {"id": "2", **row("36")}]
    answers = Answers(200, b"")
    for again, refused in (({"id": 2, **row("58")}, True), ({"id": "3", **row("7")}, False)):
        answers.requests = 0
        answers.bodies = [as_json({"data": rows, "last_page": 2}) for rows in (first, [again])]
        with client_that_gets(answers) as client:
            if refused:
                with pytest.raises(UnexpectedResponseError, match="page 2 has rows of an earlier page"):
                    client.get_directions()
            else:
                # Another country with the same code.
                assert client.get_directions().ids("7") == ["1", "3"]


@pytest.mark.parametrize("other", ["1", 1])
def test_an_id_that_stands_for_two_codes_is_taken_from_both(other: str | int) -> None:
    rows = [{"id": "1", **row("7")}, {"id": other, **row("53")}, {"id": "2", **row("7")}, {"id": "3", **row("36")}]
    with client_that_gets(Answers(200, as_json({"directions": rows}))) as client:
        catalogue = client.get_directions()
    assert {code: catalogue.ids(code) for code in catalogue} == {"7": ["2"], "53": [], "36": ["3"]}


@pytest.mark.parametrize(
    "answer",
    [
        b'{"directions": {"36": {"code": "36"}}, "directions": {}}',
        b'{"directions": {"36": {"code": "36"}, "36": {"code": "44"}}}',
        b'{"success": false, "directions": [], "success": true}',
    ],
)
def test_an_answer_that_says_two_things_under_one_name_is_no_list(answer: bytes) -> None:
    with (
        client_that_gets(Answers(200, answer)) as client,
        pytest.raises(UnexpectedResponseError, match="two things under one name"),
    ):
        client.get_allowed_directions()


def test_an_answer_that_says_the_same_twice_is_read() -> None:
    answer = b'{"success": true, "directions": {"36": {"code": "36"}, "36": {"code": "36"}}, "success": true}'
    with client_that_gets(Answers(200, answer)) as client:
        assert [each.code for each in client.get_allowed_directions()] == ["36"]


def test_a_row_that_stands_twice_in_a_page_does_not_count_for_another() -> None:
    rows = listed(["7", "7", "36"])
    assert read(lambda _: {"directions": rows, "total": 3})[0] is None
    assert read(lambda _: {"directions": rows})[0] == ["7", "7", "36"]


# What the head of an answer says


@pytest.mark.parametrize(
    "status,headers,told",
    [
        (200, {"Link": f'<{PATH}?page=1>; rel="prev", <{PATH}?page=2>; rel="next"'}, "its header «Link»"),
        (200, {"link": f"<{PATH}?page=2>; rel=next"}, "its header «link»"),
        (200, {"Link": f'<{PATH}?page=2>; rel="last next"'}, "its header «Link»"),
        (200, {"Content-Range": "items 0-14/40"}, "its header «Content-Range»"),
        (200, {"X-Total-Count": "40"}, "its header «X-Total-Count»"),
        (200, {"X-Pagination-Page-Count": "3"}, "its header «X-Pagination-Page-Count»"),
        (200, {"X-Next-Page": "2"}, "its header «X-Next-Page»"),
        (206, {}, "its status says that it is a part"),
    ],
)
def test_a_part_by_its_head_is_refused(status: int, headers: dict[str, str], told: str) -> None:
    answers = Answers(status, as_json({"directions": listed(["7"])}), headers)
    with client_that_gets(answers) as client:
        for call in (client.get_allowed_directions, client.get_directions):
            with pytest.raises(UnexpectedResponseError, match=rf"answer \({status}\) is not the one described: {told}"):
                call()
        client.deny_directions(["7"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Link": '</next/app.js>; rel="preload", <https://docs.example/>; rel="help"'},
        {"Accept-Ranges": "bytes", "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "RateLimit-Limit": "60"},
        {"X-Page-Speed": "1.13", "X-Nextjs-Cache": "HIT", "X-Next-Page": "", "Content-Length": "100", "Age": "1"},
    ],
)
def test_other_headers_are_harmless(headers: dict[str, str]) -> None:
    with client_that_gets(Answers(200, as_json({"directions": listed(["7"])}), headers)) as client:
        assert client.get_allowed_directions() == [Direction("7", "Имя", "Name")]
