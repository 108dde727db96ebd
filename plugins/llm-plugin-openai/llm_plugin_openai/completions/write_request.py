"""The canonical view becomes a request, or a request of this very dialect goes on in its own bytes (OpenAI API
reference, Completions, Create)."""

from typing import Any

from llm_plugin_openai.completions.wire import NAME, WireRequest
from llm_plugin_openai.post import Target, post
from llm_plugin_openai.quirks import Quirks
from llm_plugin_openai.relay import relayed_body
from lockgate_ports.chat import ChatRequest
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft, asks
from lockgate_ports.http import Headers
from lockgate_ports.json_post import encode
from lockgate_ports.parts import Text

_PATH = "completions"
_PLAIN = (
    *("max_tokens", "temperature", "top_p", "n", "presence_penalty", "frequency_penalty", "logit_bias", "seed"),
    "user",
)
_UNKNOWN = ("top_k", "min_p", "repetition_penalty", "reasoning", "verbosity", "service_tier", "metadata", "store")


def relay_request(
    body: bytes, headers: Headers, upstream: Upstream, quirks: Quirks, target: Target, wire: object = None
) -> Written:
    """All that `body` says, with `model` set, and usage asked for in a stream. Raises InvalidRequest."""
    known = wire if isinstance(wire, WireRequest) else None
    return Written(post(relayed_body(body, upstream, quirks, known), upstream, target(upstream, _PATH), headers))


def write_request(view: ChatRequest, upstream: Upstream, quirks: Quirks, target: Target) -> Written:
    """For a request that a step has edited. Raises Unsupported for more than one message of plain words."""
    draft = Draft(upstream)
    fields: dict[str, Any] = {"model": upstream.model, "prompt": _prompt(view, draft)}
    if view.tools:
        raise draft.cannot_say("tools in a text completion", "tools")
    if view.response_format is not None and view.response_format.type != "text":
        raise draft.cannot_say("form of the answer in a text completion", "response_format")
    fields |= {name: value for name in _PLAIN if (value := getattr(view, name)) is not None}
    if view.stop:
        fields["stop"] = list(view.stop)
    if view.logprobs:
        fields["logprobs"] = view.top_logprobs or 0
    for name in _UNKNOWN:
        if asks(name, getattr(view, name)):
            draft.admits(name)
    fields |= {name: value for name, value in view.extra.items() if view.native == NAME or draft.admits(name)}
    if upstream.stream:
        fields["stream"] = True
        if quirks.stream_usage:
            fields["stream_options"] = {"include_usage": True}
    return Written(post(encode(fields), upstream, target(upstream, _PATH)), draft.dropped)


def _prompt(view: ChatRequest, draft: Draft) -> str:
    words = [part for message in view.messages for part in message.parts]
    if len(view.messages) != 1 or not all(isinstance(part, Text) for part in words):
        raise draft.cannot_say("conversation in a text completion", "messages")
    return view.messages[0].text
