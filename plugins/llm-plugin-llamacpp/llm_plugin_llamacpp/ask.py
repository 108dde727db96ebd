"""What is put into a request before the engine sees it, and what the engine must not see."""

import re

import msgspec
from msgspec import Raw, Struct

from llm_plugin_llamacpp.gguf import Facts
from lockgate_ports.errors import InvalidRequest, Unsupported

_DEEPEST = 128
"""Levels of nesting. The library reads JSON, schemas and grammars by recursion and takes the process with it when its
stack ends; that was seen at 20000 levels."""
_BY_RECURSION = ("grammar", "json_schema", "response_format", "tools")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_TRUE = Raw(b"true")
_USAGE = Raw(b'{"include_usage":true}')


class Asked(Struct, frozen=True):
    """A request for the engine, always as a stream: nothing else can be stopped."""

    body: bytes
    choices: int
    wants_progress: bool


def ask(body: bytes, facts: Facts) -> Asked:
    """From a request of dialect `openai-chat`. Raises InvalidRequest, Unsupported."""
    if _depth(body, b"[{", b"]}") > _DEEPEST:
        raise InvalidRequest(f"the request is nested deeper than {_DEEPEST} levels, which this model's engine refuses")
    fields = _FIELDS.decode(body)
    for name in _BY_RECURSION:
        if name in fields and _depth(bytes(fields[name]), b"(", b")", strings=True) > _DEEPEST:
            raise InvalidRequest(f"{name} nests parentheses deeper than {_DEEPEST} levels", param=name)
    tools = bool(_read(fields, "tools")) and _read(fields, "tool_choice") != "none"
    if tools and not facts.takes_tools:
        raise Unsupported(
            "the chat template of this model has no place for tools: it would never see them", param="tools"
        )
    if tools and _read(fields, "logprobs"):
        raise Unsupported("llama.cpp gives no logprobs for a call with tools", param="logprobs")
    if "repetition_penalty" in fields:
        fields.setdefault("repeat_penalty", fields.pop("repetition_penalty"))
    wants_progress = bool(_read(fields, "return_progress"))
    # A prompt in the making is reported too, so that a stop is seen before the first token.
    fields |= {"stream": _TRUE, "stream_options": _USAGE, "return_progress": _TRUE}
    return Asked(msgspec.json.encode(fields), _choices(_read(fields, "n")), wants_progress)


def _read(fields: dict[str, Raw], name: str) -> object:
    return msgspec.json.decode(fields[name]) if name in fields else None


def _choices(n: object) -> int:
    # What is no number at all the engine refuses by name.
    return n if isinstance(n, int) else 1


def _depth(data: bytes, opening: bytes, closing: bytes, *, strings: bool = False) -> int:
    """How deep these brackets nest; outside strings unless `strings`. Exact only where there are many."""
    many = sum(data.count(mark) for mark in opening)
    if many <= _DEEPEST:
        return many
    text = data if strings else _STRING.sub(b"", data)
    depth = deepest = 0
    for byte in text:
        if byte in opening:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in closing:
            depth -= 1
    return deepest
