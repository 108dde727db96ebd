"""Tools in a namespace reach providers that know none, and their calls come back in it."""

import json
from typing import Any

from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.responses.dialect import OpenAIResponses
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatResponse, Choice, FunctionTool
from lockgate_ports.dialect import Upstream
from lockgate_ports.parts import ToolCall
from lockgate_ports.unfold import unfold
from lockgate_ports.wire import Inbound

SPAWN: dict[str, Any] = {"type": "function", "name": "spawn", "description": "Starts one.", "parameters": {}}
SPACE: dict[str, Any] = {"type": "namespace", "name": "agents", "description": "Helpers.", "tools": [SPAWN]}
SEARCH: dict[str, Any] = {"type": "web_search"}
PLAIN: dict[str, Any] = {"type": "function", "name": "run", "parameters": {}}
CALL: dict[str, Any] = {
    "type": "function_call",
    "call_id": "c1",
    "name": "spawn",
    "namespace": "agents",
    "arguments": "{}",
}


def asked(**more: Any) -> Any:
    body = {"model": "m", "input": "hi", "tools": [PLAIN, SPACE, SEARCH]} | more
    return OpenAIResponses().read_request(Inbound("POST", "/v1/responses", {}, json.dumps(body).encode()))


def test_they_are_offered_one_by_one_and_what_is_left_out_is_named(upstream: Upstream) -> None:
    view = asked().view
    assert [tool.name for tool in view.tools if isinstance(tool, FunctionTool)] == ["run", "agents__ns__spawn"]
    written = OpenAIChat().write_request(view, upstream)
    assert [tool["function"]["name"] for tool in json.loads(written.http.body)["tools"]] == ["run", "agents__ns__spawn"]
    assert written.dropped == ("tools[2]", "tools.agents.description")


def test_a_provider_that_knows_namespaces_gets_them_as_they_were(upstream: Upstream) -> None:
    body = json.loads(OpenAIResponses().write_request(asked().view, upstream).http.body)
    assert body["tools"] == [PLAIN, SPACE, SEARCH]
    assert "tools.agents.description" not in body


def test_a_call_names_its_namespace_again() -> None:
    call = ToolCall("c1", "agents__ns__spawn", "{}")
    answer = ChatResponse(choices=(Choice(parts=(call,), finish_reason="tool_calls"),))
    (item,) = json.loads(OpenAIResponses().write_response(answer, asked()).body)["output"]
    assert (item["name"], item["namespace"]) == ("spawn", "agents")
    told = OpenAIResponses().event_writer(asked(stream=True)).write(unfold(answer)).decode()
    added = next(line for line in told.split("\n") if "output_item.added" in line and line.startswith("data"))
    assert '"name":"spawn","namespace":"agents"' in added


def test_a_call_in_the_conversation_keeps_its_one_name() -> None:
    view = asked(input=[CALL, {"type": "function_call_output", "call_id": "c1", "output": "ok"}]).view
    assert view.messages[0].parts == (ToolCall("c1", "agents__ns__spawn", "{}"),)


def test_a_providers_call_is_read_with_its_namespace() -> None:
    done = {"type": "response.output_item.done", "output_index": 0, "item": CALL}
    reader = OpenAIResponses().event_reader(relay=False)
    fold = Accumulator()
    for event in reader.feed(b"data: " + json.dumps(done).encode() + b"\n\n"):
        fold.add(event)
    assert fold.response.choices[0].tool_calls[0].name == "agents__ns__spawn"
