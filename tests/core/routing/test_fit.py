"""Only who can do the request is asked."""

import pytest
from made import asked, card, route, routes
from msgspec import Raw

from lockgate_core.routing import CALM, Plan, Size, can, plan
from lockgate_ports.caller import Caller
from lockgate_ports.chat import FunctionTool, ResponseFormat
from lockgate_ports.context import Target
from lockgate_ports.errors import EgressDenied, InvalidRequest, Unsupported
from lockgate_ports.http import Purpose
from lockgate_ports.parts import Image, ToolResult, UrlSource, user
from lockgate_ports.wire import Request

PICTURE = Image(UrlSource("https://example.com/x.png"))
TOOL = FunctionTool("f")
SCHEMA = ResponseFormat("json_schema", Raw(b"{}"))


def decide(first, request=None, **more) -> Plan:
    made = route("r", "a/m", "b/m", cards={"a/m": first}, **more)
    return plan(request or asked(), routes(made), CALM)


@pytest.mark.parametrize(
    ("lacks", "needs", "reason"),
    [
        ({"tools": False}, {"tools": (TOOL,)}, "calls no tools"),
        ({"structured_output": False}, {"response_format": SCHEMA}, "holds itself to no JSON schema"),
        ({"inputs": ("text",)}, {"messages": (user("what is it?", PICTURE),)}, "takes no image"),
        ({"inputs": ("text",)}, {"messages": (user(ToolResult("1", (PICTURE,))),)}, "takes no image"),
        ({"outputs": ("text",)}, {"modalities": ("text", "audio")}, "makes no audio"),
        ({"operations": ("embeddings",)}, {}, "has no chat"),
        (
            {"context_tokens": 100},
            {"messages": (user("x" * 1000),)},
            "holds 100 tokens, and the request is 166 at least",
        ),
    ],
)
def test_a_target_that_cannot_is_dropped_with_the_reason(lacks, needs, reason):
    decided = decide(card(**lacks), asked(**needs))
    assert [str(each) for each in decided.targets] == ["b/m"]
    assert [each.reason for each in decided.dropped] == [reason]
    assert len(decide(card(), asked(**needs)).targets) == 2, "what a card does not say may be"
    assert len(decide(card(**lacks), asked("r")).targets) == 2 or reason == "has no chat"


def test_when_nobody_can_the_client_is_told_why():
    made = route("r", "a/m", "b/m", cards={"a/m": card(tools=False), "b/m": card(context_tokens=10)})
    with pytest.raises(Unsupported, match="a/m calls no tools; b/m holds 10 tokens") as caught:
        plan(asked(tools=(TOOL,), messages=(user("x" * 100),)), routes(made), CALM)
    assert caught.value.code == "unsupported"


def test_who_is_asked_for_by_name_is_not_second_guessed():
    known = routes(providers={"a": routes().providers["a"]})
    assert plan(asked("a/m", tools=(TOOL,)), known, CALM).targets == (Target("a", "m"),)


def body_of(text: bytes) -> Request:
    def read():
        raise AssertionError("was decoded")

    return Request(operation="chat", model="r", stream=False, dialect="x", body=text, read=read)


@pytest.mark.parametrize(
    "limits",
    [{}, {"tools": False}, {"structured_output": False}, {"inputs": ("text",)}, {"context_tokens": 100}],
)
def test_a_body_is_not_decoded_while_it_cannot_matter(limits):
    assert len(decide(card(**limits), body_of(b'{"model": "r", "messages": [{"content": "hi"}]}')).targets) == 2


def test_a_body_that_may_hold_what_a_card_lacks_is_decoded_once():
    with pytest.raises(AssertionError):
        decide(card(tools=False), body_of(b'{"tools": []}'))
    assert len(decide(card(tools=False), asked(body=b'{"tools": []}')).targets) == 2
    assert len(decide(card(tools=False), asked(body=b'{"tools": [1]}', tools=(TOOL,))).targets) == 1
    with pytest.raises(AssertionError):
        decide(card(context_tokens=10), body_of(b"x" * 61))


def test_a_body_that_only_its_provider_can_read_may_go_anywhere():
    def read():
        raise InvalidRequest("what is this?")

    request = Request(operation="chat", model="r", stream=False, dialect="x", body=b'{"tools": 1}', read=read)
    assert len(decide(card(tools=False), request).targets) == 2


def test_somebody_may_object_to_a_target_on_anybodys_behalf():
    asked_for: list[Purpose] = []

    def admit(target: Target, purpose: Purpose) -> str | None:
        asked_for.append(purpose)
        return "is not in the EU" if target.provider_id == "a" else None

    purpose = Purpose("acme")
    made = routes(route("r", "a/m", "b/m"))
    decided = plan(asked(), made, CALM, caller=Caller(tenant="acme"), admit=admit)
    assert [str(each) for each in decided.targets] == ["b/m"]
    assert asked_for == [purpose, purpose]
    with pytest.raises(EgressDenied, match="a/x is not in the EU"):
        plan(asked("a/x"), made, CALM, admit=admit)


def test_words_for_what_a_model_can_do():
    coder = card(tasks=("code",), inputs=("text", "image"), tools=True)
    assert can(coder, frozenset({"code", "vision", "tools"}))
    assert not can(coder, frozenset({"audio"}))
    assert not can(card(operations=("embeddings",), tasks=("code",)), frozenset({"code"}))
    assert can(card(operations=("embeddings",)), frozenset({"embeddings"}))
    assert not Size.read("< 8B").holds(8)


def test_who_is_likely_too_small_is_asked_when_all_others_have_failed():
    cards = {"a/m": card(context_tokens=200), "b/m": card(context_tokens=100_000)}
    known = routes(route("r", "a/m", "b/m", "c/m", cards=cards))

    def targets(request) -> list[str]:
        return [str(each) for each in plan(request, known, CALM).targets]

    words = user("word " * 230)  # 1150 bytes: at least 191 tokens, and likely more than 200
    assert targets(asked(messages=(words,))) == ["b/m", "c/m", "a/m"]
    assert targets(asked(body=b"x" * 1200, messages=(words,))) == ["b/m", "c/m", "a/m"]
    assert targets(asked(messages=(user("word " * 20),))) == ["a/m", "b/m", "c/m"]


def test_nothing_is_estimated_where_nothing_can_be_too_long(monkeypatch):
    def never(view):
        raise AssertionError("estimated")

    monkeypatch.setattr("lockgate_core.routing.need.estimate_tokens", never)
    cards = {"a/m": card(context_tokens=200)}
    several, alone = routes(route("r", "a/m", "b/m", cards=cards)), routes(route("r", "a/m", cards=cards))
    plan(asked(body=b"x" * 200), several, CALM)
    plan(asked(body=b"x" * 900), alone, CALM)
