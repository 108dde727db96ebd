"""Messages, from the canonical view to the wire: system apart, turns that alternate (Anthropic API reference, Messages,
Create).
"""

from typing import Any

from msgspec import Raw

from llm_plugin_anthropic.draft import MessagesDraft
from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.write_blocks import Item, compact, content_block, text_block
from lockgate_ports.parts import Message, Native, Refusal, Text

_SYSTEM = ("system", "developer")
_SAID = (Text, Refusal)


class _Turn:
    """One message on the wire. Tool results stand before anything else a user says."""

    def __init__(self, role: str, extra: dict[str, Raw] | None = None) -> None:
        self.role = role
        self.results: list[Item | Raw] = []
        self.blocks: list[Item | Raw] = []
        self.extra = extra or {}

    @property
    def silent(self) -> bool:
        """It holds nothing."""
        return not (self.results or self.blocks or self.extra)

    @property
    def item(self) -> Item:
        """As it is sent."""
        return {"role": self.role, "content": compact([*self.results, *self.blocks]), **self.extra}


def conversation(messages: tuple[Message, ...], draft: MessagesDraft) -> tuple[Any, list[Item]]:
    """`system` (empty where there is none) and `messages`. Raises Unsupported, naming the field.

    System messages before the first turn are the system prompt. A later one stays where it is for models that take it
    there; for others its words join the prompt, and the header of what was left out names its place.
    """
    prompt: list[Item | Raw] = []
    turns: list[_Turn] = []
    for place, message in enumerate(messages):
        at = f"messages[{place}]"
        if message.name is not None:
            draft.admits(f"{at}.name")
        extra = _own_members(message, at, draft)
        if turns and turns[-1].silent:
            turns.pop()  # those around it may be of one speaker, and so one turn
        if message.role not in _SYSTEM:
            _speak(turns, message, at, extra, draft)
        elif not turns and not extra:
            prompt += _instructions(message, at, draft)
        elif draft.own or (draft.model.system_turns and _may_stand(turns, messages[place + 1 :])):
            if turns and turns[-1].role == "system" and not (extra or turns[-1].extra):
                turns[-1].blocks += _instructions(message, at, draft)
            else:
                turns.append(_Turn("system", extra))
                turns[-1].blocks = _instructions(message, at, draft)
        else:
            draft.leave_out(f"{at}.position")
            prompt += _instructions(message, at, draft)
    kept = [turn for turn in turns if not turn.silent]
    if not kept:
        raise draft.cannot_say("conversation in which nobody but the system says anything", "messages")
    if not draft.own:
        _trim_prefill(kept[-1])
    return compact(prompt), [turn.item for turn in kept]


def _own_members(message: Message, at: str, draft: MessagesDraft) -> dict[str, Raw]:
    if message.native == NAME:
        return dict(message.extra)
    for name in message.unread:
        draft.leave_out(f"{at}.{name}")
    return {}


def _instructions(message: Message, at: str, draft: MessagesDraft) -> list[Item | Raw]:
    blocks: list[Item | Raw] = []
    for place, part in enumerate(message.parts):
        if isinstance(part, Native) and part.dialect == NAME:
            blocks.append(part.raw)
        elif not isinstance(part, Text):
            raise draft.cannot_say(f"{type(part).__name__.lower()} in a system message", f"{at}.content[{place}]")
        elif (block := text_block(part, f"{at}.content[{place}]", draft)) is not None:
            blocks.append(block)
    return blocks


def _may_stand(turns: list[_Turn], after: tuple[Message, ...]) -> bool:
    """The API takes it behind a user's turn, when the assistant speaks next or nobody does."""
    spoken = next((message.role for message in after if message.role not in _SYSTEM), None)
    before = turns[-1].role
    return before in ("user", "system") and spoken in (None, "assistant")


def _speak(turns: list[_Turn], message: Message, at: str, extra: dict[str, Raw], draft: MessagesDraft) -> None:
    role = "assistant" if message.role == "assistant" else "user"
    if not turns or turns[-1].role != role or extra or turns[-1].extra:
        turns.append(_Turn(role, extra))
    turn = turns[-1]
    for place, part in enumerate(message.parts):
        # models that call tools often say a line break first, which the API refuses
        if role == "assistant" and isinstance(part, _SAID) and not part.text.strip():
            continue
        block = content_block(part, f"{at}.content[{place}]", draft)
        if block is not None:
            told = isinstance(block, dict) and block["type"] == "tool_result"
            (turn.results if told else turn.blocks).append(block)


def _trim_prefill(turn: _Turn) -> None:
    """The API refuses a last word of the assistant that ends in white space."""
    last = turn.blocks[-1] if turn.blocks else None
    if turn.role == "assistant" and isinstance(last, dict) and last["type"] == "text":
        last["text"] = last["text"].rstrip()
