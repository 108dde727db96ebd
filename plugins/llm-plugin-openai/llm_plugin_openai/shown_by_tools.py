"""What a tool shows (pictures, files, sound), moved to where Chat Completions takes it: tools answer in words there.

A user's message behind the answers to one turn's calls holds what they show, each under the id of its call (OpenAI API
reference, Chat Completions, tool messages).
"""

from msgspec.structs import replace

from llm_plugin_openai.draft import ChatDraft
from lockgate_ports.parts import Audio, File, Image, Message, Part, Text, ToolResult, Video

_SHOWN = (Image, Audio, Video, File)
_ELSEWHERE = "(shown in the next message of the user)"


def in_words(message: Message, at: str, shown: list[Part], draft: ChatDraft) -> Message:
    """A message that answers calls, without what its tools show, which joins `shown`; it is named as left out of its
    place."""
    return replace(message, parts=tuple([_words(part, at, shown, draft) for part in message.parts]))


def _words(part: Part, at: str, shown: list[Part], draft: ChatDraft) -> Part:
    """A tool's answer without what it shows, which joins `shown`."""
    if not isinstance(part, ToolResult):
        return part
    pictures = [(place, each) for place, each in enumerate(part.marked) if isinstance(each, _SHOWN)]
    if not pictures:
        return part
    for place, _ in pictures:
        draft.leave_out(f"{at}.content[{place}].position")
    shown += [Text(f"Shown by the tool call {draft.call_id(part.call_id)}:"), *(each for _, each in pictures)]
    told = tuple(each for each in part.parts if not isinstance(each, _SHOWN))
    return replace(part, parts=told or (Text(_ELSEWHERE),), cache=None if part.parts[-1] not in told else part.cache)
