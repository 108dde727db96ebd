"""What the tests of the dialect share: a request written for a model, as plain values."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from llm_plugin_bedrock.dialect import BedrockConverse
from lockgate_ports.chat import ChatRequest
from lockgate_ports.dialect import Params, Upstream, Written
from lockgate_ports.http import split_url
from lockgate_ports.parts import Message, user

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"

Write = Callable[..., tuple[dict[str, Any], Written]]


@pytest.fixture
def write() -> Write:
    """`write(*messages, model=..., params=..., stream=..., **fields of ChatRequest)` -> (body, Written)."""

    def written(
        *messages: Message, model: str = CLAUDE, params: Params = "drop", stream: bool = False, **fields: Any
    ) -> tuple[dict[str, Any], Written]:
        origin, prefix = split_url("https://bedrock.test/prefix")
        upstream = Upstream(provider_id="aws", origin=origin, prefix=prefix, model=model, params=params, stream=stream)
        view = ChatRequest(model="alias", messages=messages or (user("Hi"),), **fields)
        out = BedrockConverse({"arn:aws:bedrock:x:1:application-inference-profile/abc": CLAUDE}).write_request(
            view, upstream
        )
        return msgspec.json.decode(out.http.body), out

    return written
