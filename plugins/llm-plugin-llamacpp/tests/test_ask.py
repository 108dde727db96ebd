"""What reaches the engine."""

import json

import pytest

from llm_plugin_llamacpp.ask import ask
from llm_plugin_llamacpp.gguf import Facts
from lockgate_ports.errors import InvalidRequest, Unsupported

PLAIN = Facts(8192, takes_tools=False)
TOOLED = Facts(8192, takes_tools=True)
TOOLS = [{"type": "function", "function": {"name": "weather"}}]


def test_every_call_is_a_stream_and_what_else_was_asked_stays() -> None:
    asked = ask(b'{"messages":[],"seed":18446744073709551615,"min_p":0.10,"mine":{"b":1,"a":[]}}', PLAIN)
    assert b'"seed":18446744073709551615' in asked.body
    assert b'"min_p":0.10' in asked.body
    assert b'"mine":{"b":1,"a":[]}' in asked.body
    sent = json.loads(asked.body)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_usage": True}
    assert sent["return_progress"] is True
    assert not asked.wants_progress


def test_a_client_that_asks_for_progress_is_known() -> None:
    assert ask(b'{"return_progress":true}', PLAIN).wants_progress
    assert not ask(b'{"return_progress":false}', PLAIN).wants_progress


def test_the_repetition_penalty_is_called_by_the_engines_name() -> None:
    assert json.loads(ask(b'{"repetition_penalty":1.1}', PLAIN).body)["repeat_penalty"] == 1.1
    assert json.loads(ask(b'{"repetition_penalty":1.1,"repeat_penalty":1.2}', PLAIN).body)["repeat_penalty"] == 1.2


def test_tools_are_refused_by_a_model_that_would_never_see_them() -> None:
    body = json.dumps({"tools": TOOLS}).encode()
    with pytest.raises(Unsupported) as refused:
        ask(body, PLAIN)
    assert refused.value.param == "tools"
    assert ask(body, TOOLED).body
    assert ask(json.dumps({"tools": TOOLS, "tool_choice": "none"}).encode(), PLAIN).body
    assert ask(b'{"tools":[]}', PLAIN).body


def test_logprobs_of_a_call_with_tools_are_refused_by_name() -> None:
    with pytest.raises(Unsupported) as refused:
        ask(json.dumps({"tools": TOOLS, "logprobs": True}).encode(), TOOLED)
    assert refused.value.param == "logprobs"


@pytest.mark.parametrize("inner", [b"[" * 200 + b"]" * 200, b'{"items":' * 200 + b"1" + b"}" * 200])
def test_nesting_that_would_end_the_process_is_refused(inner: bytes) -> None:
    with pytest.raises(InvalidRequest, match="deeper than 128"):
        ask(b'{"messages":[],"response_format":' + inner + b"}", PLAIN)


def test_a_grammar_of_deep_parentheses_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        ask(json.dumps({"grammar": "root ::= " + "(" * 5000}).encode(), PLAIN)
    assert refused.value.param == "grammar"


def test_many_brackets_that_are_not_deep_pass() -> None:
    messages = [{"role": "user", "content": 'a [ { ( " \\ ' * 30} for _ in range(300)]
    assert json.loads(ask(json.dumps({"messages": messages}).encode(), PLAIN).body)["messages"] == messages
