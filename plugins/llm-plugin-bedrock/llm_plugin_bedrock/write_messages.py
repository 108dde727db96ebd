"""Messages, from the canonical view to the wire (Amazon Bedrock API reference, Converse: `system` and `messages`).

Converse has two speakers who take turns. What the system says, wherever it stands, goes to `system`; messages of one
speaker in a row become one, tool results foremost in the user's.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from llm_plugin_bedrock.converse_draft import ConverseDraft
from llm_plugin_bedrock.names import DIALECT
from llm_plugin_bedrock.write_parts import Item, content_blocks, text_block
from lockgate_ports.parts import Message, Native, Text, Thinking, ToolCall, ToolResult


class _Turn(NamedTuple):
    """What one speaker says at a time."""

    role: str
    results: list[Item]
    blocks: list[Item]


def conversation(messages: Sequence[Message], draft: ConverseDraft) -> tuple[list[Item], list[dict[str, Any]]]:
    """`system` and `messages`. Raises Unsupported, naming the field."""
    system: list[Item] = []
    turns: list[_Turn] = []
    for place, message in enumerate(messages):
        at = f"messages[{place}]"
        if message.name is not None:
            draft.leave_out(f"{at}.name")
        for name in message.unread:
            draft.leave_out(f"{at}.{name}")
        if message.role in ("system", "developer"):
            system += _instructions(message, at, draft)
            continue
        said = _turn(message, at, draft)
        if not (said.results or said.blocks):
            continue  # nothing was said; Bedrock refuses blank text
        if turns and turns[-1].role == said.role:
            turns[-1].results.extend(said.results)
            turns[-1].blocks.extend(said.blocks)
        else:
            turns.append(said)
    return system, [{"role": turn.role, "content": turn.results + turn.blocks} for turn in turns]


def _instructions(message: Message, at: str, draft: ConverseDraft) -> list[Item]:
    blocks: list[Item] = []
    for place, part in enumerate(message.parts):
        match part:
            case Text():
                block = text_block(part, f"{at}.content[{place}]", draft)
                blocks += [*([block] if block is not None else []), *draft.cache_point(part.cache)]
            case Native(dialect=dialect) if dialect == DIALECT:
                blocks.append(part.raw)
            case _:
                what = f"{type(part).__name__.lower()} in a {message.role} message"
                raise draft.cannot_say(what, f"{at}.content[{place}]")
    return blocks


def _turn(message: Message, at: str, draft: ConverseDraft) -> _Turn:
    spoken = message.role == "assistant"
    turn = _Turn("assistant" if spoken else "user", [], [])
    for place, part in enumerate(message.parts):
        where = f"{at}.content[{place}]"
        if (spoken and isinstance(part, ToolResult)) or (not spoken and isinstance(part, ToolCall | Thinking)):
            raise draft.cannot_say(f"{type(part).__name__.lower()} in a {message.role} message", where)
        into = turn.results if isinstance(part, ToolResult) else turn.blocks
        into += content_blocks(part, where, draft)
    return turn
