"""Seals: what one dialect wrote comes back through clients of another, and is nobody else's."""

import pytest

from lockgate_ports.events import ThinkingDelta, ToolCallDelta
from lockgate_ports.parts import Thinking, ToolCall
from lockgate_ports.seals import call_id_of, is_sealed, open_call, open_thought, seal_call, seal_thought

SIGNED = Thinking("Two and two.", "c2ln+/==", native="acme")
ENCRYPTED = Thinking("", None, "c2VhbGVk", "rs_1", "acme")


@pytest.mark.parametrize("thought", [SIGNED, ENCRYPTED])
def test_a_thought_comes_back_as_it_was(thought: Thinking):
    word = seal_thought(thought, "other")
    assert word is not None
    assert open_thought(thought.text, word) == thought
    assert is_sealed(b'{"signature": "' + word.encode() + b'"}')


@pytest.mark.parametrize("rewrite", [str, lambda word: word.replace("+", "-").replace("/", "_").rstrip("=")])
def test_a_client_may_write_the_word_in_the_other_alphabet(rewrite):
    odd = Thinking("", "\u00fb\u00ff\u00fe?>~", native="acme")
    word = seal_thought(odd, "other")
    assert word is not None
    assert open_thought("", rewrite(word)) == odd


@pytest.mark.parametrize(
    "thought",
    [Thinking("words", native="acme"), Thinking("words", "sig", native="other"), Thinking("words", "sig")],
)
def test_what_is_not_anothers_secret_is_not_sealed(thought: Thinking):
    assert seal_thought(thought, "other") is None


def test_deltas_are_sealed_as_parts_are():
    assert seal_thought(ThinkingDelta("", signature="s", native="acme"), "other") is not None
    call = ToolCallDelta(0, id="c1", name="f", signature="s", native="acme")
    assert open_call(seal_call("c1", call, "other"), "f", "") == ToolCall("c1", "f", "", False, "s", "acme")


def test_a_call_keeps_its_signature_in_its_id():
    told = seal_call("c-1", ToolCall("c-1", "f", "{}", signature="s/+?>", native="acme"), "other")
    assert told != "c-1"
    assert told.replace("-", "").replace("_", "").isalnum()
    assert open_call(told, "f", "{}") == ToolCall("c-1", "f", "{}", False, "s/+?>", "acme")
    assert call_id_of(told) == "c-1"


@pytest.mark.parametrize("word", ["", "c2ln", "bG9ja2dhdGU6", "bG9ja2dhdGU6!!!", "bG9ja2dhdGU6e30=", None])
def test_a_word_of_somebody_elses_stays_as_it_is(word: str | None):
    assert open_thought("words", word) is None
    assert open_call(f"c1-{word}", "f", "{}").signature is None


def test_an_id_without_a_seal_is_itself():
    assert call_id_of("call_1") == "call_1"
    assert open_call("call_1", "f", "{}", custom=True) == ToolCall("call_1", "f", "{}", custom=True)
    assert seal_call("call_1", ToolCall("call_1", "f", "{}", signature="s", native="own"), "own") == "call_1"
