"""What is told of a JSON body that is wrong, and what is asked of JSON that is carried unread."""

import msgspec
import pytest
from msgspec import Raw, Struct

from lockgate_ports.body_faults import BROKEN, check_utf8, fault, lone_surrogate, utf8_fault
from lockgate_ports.carried import NULL, is_object, is_string, items, or_none, said
from lockgate_ports.errors import InvalidRequest


class _Row(Struct):
    size: int
    names: list[str] | None = None


class _Body(Struct):
    rows: list[_Row] = []


_BODY = msgspec.json.Decoder(_Body)


def told(body: bytes) -> InvalidRequest:
    with pytest.raises(BROKEN) as caught:
        _BODY.decode(body)
    return fault(caught.value, body)


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        (b" ", None, "the request has no body; send a JSON object"),
        (b"[]", None, "the body must be an object, not a list"),
        (b'{"rows":[{}]}', "rows[0].size", "rows[0].size is missing"),
        (b'{"rows":[{"size":"a"}]}', "rows[0].size", "rows[0].size must be a whole number, not a string"),
        (b'{"rows":[{"size":1,"names":2}]}', "rows[0].names", "rows[0].names must be a list, not a whole number"),
        (b'{"rows":[', None, "the body is not valid JSON: it ends too early, at byte 9"),
        (b'{"rows" 1}', None, "the body is not valid JSON: expected ':' at byte 8"),
        (b'{"rows":[{"size":1,"names":["\xff"]}]}', None, "the body is not valid UTF-8: byte 29 begins no character"),
    ],
)
def test_a_fault_is_named_with_its_place(body: bytes, param: str | None, words: str) -> None:
    error = told(body)
    assert (str(error), error.param) == (words, param)


def test_half_a_character_is_told_from_broken_json() -> None:
    assert "lone surrogate" in str(told(b'{"rows":[{"size":1,"names":["\\ud800"]}]}'))
    assert lone_surrogate(b'"\\ud83d\\ude00 \\\\ud800"') is None


def test_the_place_is_right_in_a_body_of_several_blocks() -> None:
    text = b"\xc3\xa9" * 40_000
    assert utf8_fault(text) is None
    assert utf8_fault(text + b"a\xc3") == 80_001
    check_utf8(text)
    with pytest.raises(InvalidRequest, match="byte 80001"):
        check_utf8(text + b"a\xc3")


def test_a_character_across_two_blocks_does_not_move_the_place() -> None:
    assert utf8_fault(b"a" + b"\xc3\xa9" * 40_000 + b"\xff") == 80_001


def test_what_little_is_asked_of_unread_json() -> None:
    text, members, empty = Raw(b'"a"'), Raw(b'{"a":1}'), Raw(b"[ ]")
    assert [said(each) for each in (NULL, text, Raw(b"true"))] == [False, True, True]
    assert [is_string(each) for each in (text, members)] == [True, False]
    assert [is_object(each) for each in (text, members)] == [False, True]
    assert (or_none(NULL), or_none(text)) == (None, text)
    assert (items(empty), items(NULL), items(Raw(b"[1]"))) == (None, None, Raw(b"[1]"))
