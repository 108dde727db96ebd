"""Patching JSON in its own bytes."""

import json
from tracemalloc import get_traced_memory, start, stop
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Spliced
from lockgate_ports.patch import add_field, edited, put, replace_string, rewritten, set_field, set_string, spans

ODD = (
    b'{ "zz" : 1.50, "n":123456789012345678901234567890,\t"model" : "old" , '
    b'"t":"\\u00e9\\/ \xc3\xa9", "x":{"model":"old"} } '
)


def test_only_the_field_changes() -> None:
    assert replace_string(ODD, "model", "old", 'n"ew') == ODD.replace(b'"model" : "old"', b'"model" : "n\\"ew"')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"model":"old"}', b'{"model":"new"}'),
        (b'{"x":{"model":"old"},"model":"old"}', b'{"x":{"model":"old"},"model":"new"}'),
        (b'{"x":"model","model":"old"}', b'{"x":"model","model":"new"}'),
        (b'{"x":"\\"model\\":\\"old\\"","model":"old"}', b'{"x":"\\"model\\":\\"old\\"","model":"new"}'),
        (b'{"model":"\\u006fld"}', b'{"model":"new"}'),
        (b'{"mod\\u0065l":"old"}', b'{"mod\\u0065l":"new"}'),
        (b'{"x":{"model":"old"},"mod\\u0065l":"old"}', b'{"x":{"model":"old"},"mod\\u0065l":"new"}'),
    ],
)
def test_the_top_level_field_is_found_wherever_and_however_it_is_written(body: bytes, expected: bytes) -> None:
    assert replace_string(body, "model", "old", "new") == expected


@pytest.mark.parametrize("new", ["old", "new"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"old","model":"old"}',
        b'{"model":"other","model":"old"}',
        b'{"model":"older","model":"old"}',
        b'{"mod\\u0065l":"other","model":"old"}',
        b'{"model":"other","mod\\u0065l":"old"}',
        b'{"mod\\u0065l":"old","\\u006dodel":"old"}',
    ],
)
def test_a_field_that_stands_twice_is_refused(body: bytes, new: str) -> None:
    with pytest.raises(InvalidRequest, match="'model' stands twice") as caught:
        replace_string(body, "model", "old", new)
    assert caught.value.param == "model"


def test_a_number_that_begins_like_its_twin_is_a_twin() -> None:
    with pytest.raises(InvalidRequest, match="'n' stands twice"):
        spans(b'{"n":12,"n":1}')


def test_a_name_that_stays_costs_no_copy() -> None:
    assert replace_string(ODD.replace(b'"x":{"model":"old"}', b'"x":0'), "model", "old", "old").count(b"old") == 1
    body = b'{"model":"old"}'
    assert replace_string(body, "model", "old", "old") is body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", b'{"stream":true}'),
        (b"{ }\n", b'{ "stream":true}\n'),
        (b'{"a":1}', b'{"a":1,"stream":true}'),
        (b'{"a":1 } ', b'{"a":1 ,"stream":true} '),
        (b'{"stream": false ,"a":1}', b'{"stream": true ,"a":1}'),
        (b'{"a":{"stream":false}}', b'{"a":{"stream":false},"stream":true}'),
        (b'{"a":"}"}', b'{"a":"}","stream":true}'),
    ],
)
def test_put_sets_or_appends(body: bytes, expected: bytes) -> None:
    assert put(body, "stream", b"true") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1}', b'{"n":2}'),
        (b'{ "a" : 1 , "b":[1.50 ] }\n', b'{  "b":[1.50 ] ,"n":2}\n'),
        (b'{"b":{"a":1} , "a": 1 }', b'{"b":{"a":1} ,"n":2}'),
        (b'{"b":1,"a":2, "n" : 7,"c":3}', b'{"b":1, "n" : 2,"c":3}'),
        (b'{"c":1}', b'{"c":1,"n":2}'),
    ],
)
def test_fields_are_taken_out_and_set_in_one_go(body: bytes, expected: bytes) -> None:
    assert rewritten(body, {"a": None, "n": b"2", "z": None}) == expected


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('mdel"\\é', max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text('mdel"\\é', max_size=5), values, max_size=5),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_object_keeps_all_but_the_field(
    told: dict[str, Any], ascii_only: bool, indent: int | None, new: str
) -> None:
    body = json.dumps({**told, "model": "old"}, ensure_ascii=ascii_only, indent=indent).encode()
    assert json.loads(replace_string(body, "model", "old", new)) == {**told, "model": new}
    assert json.loads(rewritten(body, {"model": None, "m": None})) == {
        k: v for k, v in told.items() if k not in ("m", "model")
    }
    assert json.loads(put(body, "d", b"[1]")) == {**told, "model": "old", "d": [1]}
    assert {name: json.loads(body[start:stop]) for name, (start, stop) in spans(body).items()} == json.loads(body)


def test_what_is_no_object_is_refused() -> None:
    for body in (b"", b"[]", b"null", b'{"a":1', b'{"a":1,}'):
        with pytest.raises(msgspec.DecodeError):
            spans(body)


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_edits_are_made_all_at_once_wherever_they_stand(size: int) -> None:
    body = b'{"stream" : true,"words":"%b","model":"old"}' % (b"w" * size)
    edits = set_string(body, "model", "old", "new")
    edits += [add_field(body, "a", b"1"), set_field(body, "stream", b"false"), set_field(body, "b", b"2")]
    expected = b'{"stream" : false,"words":"%b","model":"new","a":1,"b":2}' % (b"w" * size)
    assert bytes(edited(body, edits)) == expected
    assert len(edited(body, edits)) == len(expected)


def test_a_large_body_is_not_copied_for_an_edit() -> None:
    body = b'{"model":"old","words":"%b"}' % (b"w" * 1_000_000)
    made = replace_string(body, "model", "old", "new")
    assert isinstance(made, Spliced)
    assert [piece.obj is body for piece in made.pieces if isinstance(piece, memoryview)] == [True, True]


def test_the_first_field_of_all_is_added_without_a_comma() -> None:
    assert edited(b"{ }", [set_field(b"{ }", "a", b"1")]) == b'{ "a":1}'


def test_long_names_that_clients_ask_for_do_not_fill_the_memory() -> None:
    start()
    try:
        for number in range(2000):
            name = f"{number:010000}"
            body = b'{"model":"%s"}' % name.encode()
            assert replace_string(body, "model", name, "new") == b'{"model":"new"}'
        assert get_traced_memory()[0] < 1_000_000
    finally:
        stop()
