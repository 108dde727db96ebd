"""Error answers read: what they say, when to come back, what kind they are."""

import json
import re

import msgspec
import pytest

from lockgate_ports.body_faults import BROKEN
from lockgate_ports.refusals import SAYS, Words, kind_of_status, refused, text_in, unreadable, value_in
from lockgate_ports.retry_after import retry_after
from lockgate_ports.status_errors import DETAIL_ERRORS, StatusErrors, words_under

NOW = "Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": NOW}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:27:00 GMT", "date": NOW}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 -0000", "date": NOW}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 +" + "9" * 20, "date": NOW}, None),
        ({"retry-after": "soon", "date": NOW}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'"said"', "said"),
        (b"", ""),
        (b"plain  text\n", "plain text"),
        (b"<html><title>Bad\n gateway</title><body>x</body></html>", "Bad gateway"),
        (b"<html><script>var a</script><p>no <b>luck</b></p></html>", "no luck"),
        (b" <Error><Code>Denied</Code></Error>", "Denied"),
        (b"2 < 3 > 1", "2 < 3 > 1"),
        (b"\xff", "\ufffd"),
    ],
)
def test_a_body_is_its_json_or_its_words(body: bytes, value: object) -> None:
    assert value_in(body) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a ", "a"),
        ([{"loc": ["body", 0], "msg": "needed"}, {"message": "b"}, {}, 3], "body.0: needed; b"),
        ({"detail": "c"}, "c"),
        (None, ""),
    ],
)
def test_words_are_found_in_fastapis_form(value: object, text: str) -> None:
    assert text_in(value) == text


def test_an_error_nested_without_end_is_still_read() -> None:
    body = b'{"detail":' + b"[" * 600 + b'"x"' + b"]" * 600 + b"}"
    assert DETAIL_ERRORS.read(500, {}, body, "d").kind == "transient"


def test_a_status_without_a_meaning_of_its_own() -> None:
    assert [kind_of_status(each) for each in (401, 418, 599)] == ["auth", "invalid_request", "transient"]
    assert kind_of_status(418, {418: "fatal"}) == "fatal"


def test_only_a_providers_own_form_goes_back_as_it_came() -> None:
    own = refused("quota", 402, Words(message="m", code="c", request_id="r", envelope=True), b"{}", "d", retry_after=2)
    assert (own.dialect, own.body, own.upstream_request_id, own.retry_after) == ("d", b"{}", "r", 2)
    assert (str(own), own.upstream_code) == (f"{SAYS['quota']} (402): m", "c")
    other = refused("quota", 200, Words(message="m" * 300), b"{}", "d")
    assert (other.dialect, other.body, other.upstream_code) == (None, None, None)
    assert str(other) == f"{SAYS['quota']}: " + "m" * 200 + "..."


def test_a_body_that_is_no_json_is_shown_in_part() -> None:
    assert str(unreadable(b" ")) == "gave no usable answer: it sent nothing"
    assert str(unreadable(b"x" * 500)).endswith("x...')")


ERRORS = StatusErrors(
    words=words_under("error", "message"),
    context=re.compile("too long"),
    quota=re.compile("spent"),
    filter=re.compile("unsafe"),
    quota_at=(429,),
    by_status={498: "fatal"},
)


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "too long", "context_length"),
        (422, "invalid api key", "auth"),
        (413, "unsafe", "content_filter"),
        (400, "spent", "invalid_request"),
        (429, "spent", "quota"),
        (403, "spent", "invalid_request"),
        (498, "too long", "fatal"),
        (500, "too long", "transient"),
    ],
)
def test_the_status_tells_and_the_words_tell_the_rest(status: int, said: str, kind: str) -> None:
    assert ERRORS.read(status, {}, json.dumps({"error": said}).encode(), "d").kind == kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("too long", "context_length"),
        ("unsafe", "content_filter"),
        ("no capacity", "overloaded"),
        ("rate limit", "rate_limit"),
        ("", "transient"),
    ],
)
def test_an_error_inside_is_told_by_its_words(said: str, kind: str) -> None:
    error = ERRORS.inside(json.dumps({"message": said}).encode(), "d")
    assert (error.kind, error.upstream_status, error.body) == (kind, 200, None)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"error":"too long"}', "context_length", "too long"),
        (b'{"message":"too long"}', "transient", "JSON of another shape"),
        (b"[]", "transient", "JSON of another shape"),
        (b"<p>", "transient", "something that is not JSON"),
        (b"", "transient", "nothing"),
    ],
)
def test_what_came_instead_of_an_answer(body: bytes, kind: str, words: str) -> None:
    with pytest.raises(BROKEN) as caught:
        msgspec.json.decode(body, type=list[int] if body[:1] == b"{" else dict[str, int])
    told = ERRORS.instead(caught.value, body, "d")
    assert (told.kind, told.upstream_status) == (kind, 200)
    assert words in str(told)
