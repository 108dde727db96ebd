"""Known answers of Amazon Titan Text as InvokeModel gives them, for the contract kit."""

import json
import re
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import structs

from llm_plugin_bedrock.invoke_samples import chunk
from llm_plugin_bedrock.invoke_stream import METRICS
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE, exception
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Text
from lockgate_ports.testkit import KEY, Asked, BrokenStream, Sample
from lockgate_ports.usage import Usage

_PATH = re.compile(r"/model/([^/]+)/(invoke|invoke-with-response-stream)")
_LINE = re.compile(r"^(User|Bot): (.*)$")
_ROLES = {"User": "user", "Bot": "assistant"}
_USAGE = Usage(input_tokens=5, output_tokens=2)
_MEMBERS = msgspec.json.Decoder(dict[str, Any])


def _asked(request: HttpRequest) -> Asked:
    """Back from the layout that Titan is taught conversations in."""
    found = _PATH.search(request.target)
    assert found is not None, request.target  # noqa: S101
    asked = _MEMBERS.decode(bytes(request.body))
    lines = asked["inputText"].removesuffix("\nBot:").split("\n")
    said = [(_LINE.match(line), line) for line in lines]
    return Asked(
        model=unquote(found.group(1)),
        messages=tuple((_ROLES[spoken[1]], spoken[2]) if spoken else ("system", line) for spoken, line in said),
        max_tokens=asked.get("textGenerationConfig", {}).get("maxTokenCount"),
        stream=found.group(2) != "invoke",
    )


def _event(**members: Any) -> bytes:
    return chunk(json.dumps({"index": 0, **members}, ensure_ascii=False).encode())


def _sample(*pieces: str, native: str, reason: Any, usage: Usage | None = _USAGE) -> Sample:
    whole = "".join(pieces)
    result: dict[str, Any] = {"outputText": whole, "completionReason": native}
    answer: dict[str, Any] = {"results": [result | ({"tokenCount": 2} if usage else {})]}
    told = {METRICS: {"inputTokenCount": 5, "outputTokenCount": 2}} if usage else {}
    last = _event(outputText="", completionReason=native, **told)
    return Sample(
        body=json.dumps(answer | ({"inputTextTokenCount": 5} if usage else {}), ensure_ascii=False).encode(),
        stream=b"".join(_event(outputText=piece) for piece in pieces) + last,
        choices=(Choice(parts=(Text(whole),), finish_reason=reason),),
        usage=usage,
    )


_TEXT = _sample("Grüße aus ", "東京 🗼", native="FINISH", reason="stop")

# These models know no tools: in the place of calls stand words, and the tests of calls are expected to fail.
TITAN_TEXT = structs.replace(
    BEDROCK_CONVERSE,
    dialect="bedrock-titan-text",
    read_back=_asked,
    text=_TEXT,
    length=_sample("Es war", native="LENGTH", reason="length"),
    no_usage=_sample("Ja", native="FINISH", reason="stop", usage=None),
    tool_call=_TEXT,
    parallel_tools=_TEXT,
    more=(_sample("Ja", native="CONTENT_FILTERED", reason="content_filter"),),
    broken_stream=BrokenStream(
        stream=_event(outputText="Grüß") + exception("serviceUnavailableException", f"no room for {KEY}"),
        kind="overloaded",
    ),
    malformed_event=chunk(b'{"outputText":"te'),
    no_answer=(b'{"results":[]}', b'{"message":"no room"}'),
    relay_request=b'{ "zz":[1.50 ,12345678901234567890123],"inputText":"User: \\u00e9\\nBot:"}',
)
