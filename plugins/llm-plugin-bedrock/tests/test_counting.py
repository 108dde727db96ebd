"""CountTokens: the same request, counted."""

import json

import pytest
from msgspec import Raw

from llm_plugin_bedrock.kinds import BEDROCK
from llm_plugin_bedrock.settings import BedrockSettings
from lockgate_ports.chat import ChatRequest, FunctionTool
from lockgate_ports.errors import UpstreamError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.model import Attempt
from lockgate_ports.parts import system, user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Reply, Request


async def counted(body: bytes, http: ScriptedHttp | None = None) -> Reply[object]:
    http = http or ScriptedHttp()
    http.script.append(Exchange(chunks=(body,)))
    model = BEDROCK.build(BedrockSettings(region="us-east-1"), BuildContext("aws", http))
    tools = (FunctionTool("clock", parameters=Raw(b'{"type":"object"}')),)
    view = ChatRequest(model="m", messages=(system("S"), user("Grüße")), tools=tools, max_tokens=5, temperature=0.5)
    request = Request(operation="count_tokens", model="m", stream=False, view=view)
    return await model.count_tokens(request, Attempt("anthropic.claude-sonnet-4-20250514-v1:0", Secret("ABSKx")))


async def test_the_whole_request_is_counted_and_nothing_that_is_no_prompt_is_sent() -> None:
    http = ScriptedHttp()
    reply = await counted(b'{"inputTokens": 42}', http)
    assert reply.view.input_tokens == 42
    (request,) = http.requests
    assert request.target == "/model/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens"
    assert json.loads(request.body) == {
        "input": {
            "converse": {
                "messages": [{"role": "user", "content": [{"text": "Grüße"}]}],
                "system": [{"text": "S"}],
                "toolConfig": {"tools": [{"toolSpec": {"name": "clock", "inputSchema": {"json": {"type": "object"}}}}]},
            }
        }
    }


@pytest.mark.parametrize("body", [b"{}", b"null", b"", b'{"message":"no"}', b'{"inputTokens":"many"}'])
async def test_no_count_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError, match=r"^aws: "):
        await counted(body)
