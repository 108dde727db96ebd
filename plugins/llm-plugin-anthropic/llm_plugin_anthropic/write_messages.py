"""Messages, from the canonical view to the wire: system apart, turns that alternate (Anthropic API reference, Messages,
Create).
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Raw, Struct

from llm_plugin_anthropic.draft import MessagesDraft
from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.write_blocks import Block, Item, compact, content_block, text_block
from lockgate_ports.parts import Message, Native, Refusal, Text, ToolResult

_SYSTEM = ("system", "developer")
_SAID = (Text, Refusal)
_NO_MEMBERS: Mapping[str, Raw] = {}


class _Turn(Struct):
    """One message on the wire. Tool results stand before anything else a user says."""

    role: str
    extra: Mapping[str, Raw]
    blocks: list[Block]
    results: list[Block] = []


def conversation(messages: tuple[Message, ...], draft: MessagesDraft) -> tuple[Any, list[Item]]:
    """`system` (empty where there is none) and `messages`. Raises Unsupported, naming the field.

    System messages before the first turn are the system prompt. A later one stays where it is for models that take it
    there; for others its words join the prompt, and the header of what was left out names its place.
    """
    prompt: list[Block] = []
    turns: list[_Turn] = []
    for place, message in enumerate(messages):
        if message.name is not None:
            draft.admits(f"messages[{place}].name")
        extra = _own_members(message, place, draft) if message.extra else _NO_MEMBERS
        if message.role not in _SYSTEM:
            turn = _speak(turns, message, place, extra, draft)
            if not (turn.blocks or turn.results or turn.extra):
                turns.pop()  # it holds nothing; those around it may be of one speaker, and so one turn
        elif not turns and not extra:
            prompt += _instructions(message, place, draft)
        elif draft.own or (draft.model.system_turns and _may_stand(turns, messages[place + 1 :])):
            blocks = _instructions(message, place, draft)
            if turns and turns[-1].role == "system" and not (extra or turns[-1].extra):
                turns[-1].blocks += blocks
            elif blocks or extra:
                turns.append(_Turn("system", extra, blocks))
        else:
            draft.leave_out(f"messages[{place}].position")
            prompt += _instructions(message, place, draft)
    if not turns:
        raise draft.cannot_say("conversation in which nobody but the system says anything", "messages")
    if not draft.own:
        _trim_prefill(turns[-1])
    return compact(prompt), [_item(turn) for turn in turns]


def _item(turn: _Turn) -> Item:
    blocks = turn.results + turn.blocks if turn.results else turn.blocks
    only = blocks[0] if len(blocks) == 1 else None
    item: Item = {"role": turn.role, "content": only if type(only) is str else compact(blocks)}
    if turn.extra:
        item |= turn.extra
    return item


def _own_members(message: Message, place: int, draft: MessagesDraft) -> Mapping[str, Raw]:
    if message.native == NAME:
        return message.extra
    for name in message.unread:
        draft.leave_out(f"messages[{place}].{name}")
    return _NO_MEMBERS


def _instructions(message: Message, place: int, draft: MessagesDraft) -> list[Block]:
    blocks: list[Block] = []
    for number, part in enumerate(message.parts):
        if type(part) is Text and part.annotations is None and part.cache is None:
            block: Block | None = part.text or None
        elif isinstance(part, Native) and part.dialect == NAME:
            block = part.raw
        elif isinstance(part, Text):
            block = text_block(part, f"messages[{place}].content[{number}]", draft)
        else:
            what = f"{type(part).__name__.lower()} in a system message"
            raise draft.cannot_say(what, f"messages[{place}].content[{number}]")
        if block is not None:
            blocks.append(block)
    return blocks


def _may_stand(turns: list[_Turn], after: tuple[Message, ...]) -> bool:
    """The API takes it behind a user's turn, when the assistant speaks next or nobody does."""
    spoken = next((message.role for message in after if message.role not in _SYSTEM), None)
    before = turns[-1].role
    return before in ("user", "system") and spoken in (None, "assistant")


def _speak(turns: list[_Turn], message: Message, place: int, extra: Mapping[str, Raw], draft: MessagesDraft) -> _Turn:
    spoken = message.role == "assistant"
    role = "assistant" if spoken else "user"
    turn = turns[-1] if turns else None
    if turn is None or turn.role != role or extra or turn.extra:
        turn = _Turn(role, extra, [])
        turns.append(turn)
    for number, part in enumerate(message.parts):
        # models that call tools often say a line break first, which the API refuses
        if spoken and isinstance(part, _SAID) and part.text.isspace():
            continue
        if type(part) is Text and part.annotations is None and part.cache is None:
            block: Block | None = part.text or None
        else:
            block = content_block(part, f"messages[{place}].content[{number}]", draft)
        if block is not None:
            (turn.results if type(part) is ToolResult else turn.blocks).append(block)
    return turn


def _trim_prefill(turn: _Turn) -> None:
    """The API refuses a last word of the assistant that ends in white space."""
    last = turn.blocks[-1] if turn.blocks else None
    if turn.role != "assistant":
        return
    if isinstance(last, str):
        turn.blocks[-1] = last.rstrip()
    elif isinstance(last, dict) and last["type"] == "text":
        last["text"] = last["text"].rstrip()
