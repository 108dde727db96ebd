"""The engine's stream events, tidied for a client that streams and folded for one that does not."""

from collections.abc import Iterable
from typing import Any, cast

import msgspec

from llm_plugin_llamacpp.ask import Asked

# No string in JSON can hold these: a quote within one is always escaped.
_PROGRESS = b'"prompt_progress":{'
_ENDED = b'"finish_reason":"'
_ONLY_USAGE = b'{"choices":[],'
_SET_ONCE = frozenset({"role", "id", "type", "name"})


class Tidy:
    """Passes events on as they came, but for two things of the engine's own: reports on the prompt, which were asked
    for so that a stop is seen early, and usage apart for each choice, which becomes one report of all."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._open = asked.choices
        self._usages: list[Any] = []

    @property
    def complete(self) -> bool:
        """Every choice has ended."""
        return self._open <= 0

    def pass_on(self, events: Iterable[bytes]) -> list[bytes]:
        """Those that are for the client."""
        return [event for event in events if self._for_client(event)]

    def last(self) -> list[bytes]:
        """What was held back until all choices had ended."""
        return [msgspec.json.encode(summed(self._usages))] if self._usages else []

    def _for_client(self, event: bytes) -> bool:
        if _PROGRESS in event:
            return self._asked.wants_progress
        if _ENDED in event:
            self._open -= 1
        if self._asked.choices > 1 and event.startswith(_ONLY_USAGE):
            self._usages.append(msgspec.json.decode(event))
            return False
        return True


def summed(reports: list[Any]) -> Any:
    """One usage event for several: what was generated is added up, the prompt was read once. Timings are kept of each
    choice, in the order in which they ended."""
    whole = dict(reports[-1])
    usage = dict(whole["usage"])
    usage["completion_tokens"] = sum(report["usage"]["completion_tokens"] for report in reports)
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    whole["usage"] = usage
    if "timings" in whole:
        whole["timings_by_choice"] = [report.get("timings") for report in reports]
    return whole


def folded(events: Iterable[bytes]) -> bytes:
    """The whole answer that these tidied events stand for, as the engine words one: a `chat.completion`."""
    whole: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for event in events:
        heard: dict[str, Any] = msgspec.json.decode(event)
        for choice in heard.pop("choices"):
            _fold_choice(choices.setdefault(choice["index"], {"index": choice["index"], "message": {}}), choice)
        whole |= heard
    for choice in choices.values():
        _finish(choice["message"])
    whole["object"] = "chat.completion"
    return msgspec.json.encode({"choices": [choices[index] for index in sorted(choices)], **whole})


def _fold_choice(so_far: dict[str, Any], choice: dict[str, Any]) -> None:
    _fold(so_far["message"], choice.pop("delta"))
    logprobs = choice.pop("logprobs", None)
    if logprobs is not None:
        _fold(so_far.setdefault("logprobs", {}), logprobs)
    so_far |= choice


def _fold(so_far: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        old = so_far.get(name)
        if name == "tool_calls":
            _fold_calls(so_far.setdefault(name, []), value)
        elif value is None:
            so_far.setdefault(name, None)
        elif old is None or name in _SET_ONCE:
            so_far[name] = value
        elif isinstance(old, str) and isinstance(value, str):
            so_far[name] = old + value
        elif isinstance(old, list) and isinstance(value, list):
            so_far[name] = [*old, *value]
        elif isinstance(old, dict) and isinstance(value, dict):
            _fold(cast("dict[str, Any]", old), cast("dict[str, Any]", value))
        else:
            so_far[name] = value


def _fold_calls(calls: list[dict[str, Any]], more: list[dict[str, Any]]) -> None:
    for piece in more:
        at: int = piece.pop("index")
        while len(calls) <= at:
            calls.append({})
        _fold(calls[at], piece)


def _finish(message: dict[str, Any]) -> None:
    if message.get("content") is None:
        # As the engine words it: nothing said is "", except beside thoughts or calls.
        message["content"] = None if message.keys() & {"tool_calls", "reasoning_content"} else ""
