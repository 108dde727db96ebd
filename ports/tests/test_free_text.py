"""Free text in functions: the text comes out whole and as it comes, however its object is cut."""

import json

import pytest
from msgspec import Raw

from lockgate_ports.chat import ChatRequest, CustomTool, FunctionTool, ToolChoice
from lockgate_ports.events import Finish, ReadEvent, ToolCallDelta
from lockgate_ports.free_text import FreeTextReader, as_functions
from lockgate_ports.free_text_input import InputText, text_of
from lockgate_ports.parts import Message, Text, ToolCall, user

TEXT = '*** Begin Patch\n+say "é 😀 \\ \t" {"input": "x"}\x0b*** End'


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("spaced", [False, True])
@pytest.mark.parametrize("plain", [False, True])
def test_the_text_comes_as_it_is_however_it_is_cut(size: int, spaced: bool, plain: bool) -> None:
    whole = json.dumps({"input": TEXT}, ensure_ascii=not plain, indent=2 if spaced else None)
    reader = InputText()
    told = [reader.feed(whole[at : at + size]) for at in range(0, len(whole), size)]
    assert "".join(told) + reader.end() == TEXT
    if size < 8:
        assert len([piece for piece in told if piece]) > 3, "it waited for the end"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input": "a\nb"}', "a\nb"),
        ('"bare"', "bare"),
        ("*** Begin", "*** Begin"),
        ('{"patch": "a"}', '{"patch": "a"}'),
        ('{"other": 1, "input": "a"}', "a"),
        ("", ""),
        ('{"input": "a\\ud83dz"}', "a?z"),
    ],
)
def test_what_a_model_writes_that_is_no_such_object_is_the_text(arguments: str, text: str) -> None:
    reader = InputText()
    assert "".join(reader.feed(letter) for letter in arguments) + reader.end() == text
    assert text_of(arguments) == text


def test_a_text_that_is_cut_at_a_limit_is_told_as_far_as_it_goes() -> None:
    reader = InputText()
    assert reader.feed('{"input": "abc\\u00') + reader.end() == "abc"


def test_a_request_asks_for_functions_and_names_a_grammar() -> None:
    grammar = Raw(b'{"type":"grammar","grammar":{"syntax":"lark","definition":"start: /x+/"}}')
    calls = Message("assistant", (Text("So."), ToolCall("c", "patch", 'a"b', custom=True), ToolCall("d", "f", "{}")))
    view = ChatRequest(
        model="m",
        messages=(user("Hi"), calls),
        tools=(FunctionTool("f"), CustomTool("patch", "Edits.", grammar), CustomTool("say")),
        tool_choice=ToolChoice("named", "patch", custom=True),
    )
    left: list[str] = []
    made = as_functions(view, left.append)
    assert left == ["tools[1].format"]
    assert made.tool_choice == ToolChoice("named", "patch")
    assert made.messages[1].parts[1:] == (ToolCall("c", "patch", '{"input":"a\\"b"}'), ToolCall("d", "f", "{}"))
    first, patch, say = made.tools
    assert first == FunctionTool("f")
    assert isinstance(patch, FunctionTool)
    assert isinstance(say, FunctionTool)
    assert patch.description is not None
    assert patch.description.startswith("Edits.")
    assert "(lark):\nstart: /x+/" in patch.description
    assert json.loads(bytes(patch.parameters or b""))["required"] == ["input"]


class _Told:
    def __init__(self, *events: ReadEvent) -> None:
        self._events = events

    def feed(self, data: bytes) -> tuple[ReadEvent, ...]:
        return self._events

    def end(self) -> tuple[ReadEvent, ...]:
        return ()


def test_calls_of_other_tools_stay_as_they_are_and_what_is_held_back_comes_before_the_end() -> None:
    other = ToolCallDelta(1, id="d", name="f", arguments="{}")
    inner = _Told(
        ToolCallDelta(0, id="c", name="patch"), other, ToolCallDelta(0, arguments="raw"), Finish("tool_calls")
    )
    assert FreeTextReader(inner, frozenset({"patch"})).feed(b"") == [
        ToolCallDelta(0, id="c", name="patch", custom=True),
        other,
        ToolCallDelta(0, arguments="raw", custom=True),
        Finish("tool_calls"),
    ]
