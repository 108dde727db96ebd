"""What an answer holds and a client's dialect has no form for: never dropped in silence, whole or streamed.

Media leave a note in the words, where the client sees it; what means something to another dialect alone is left out,
but for signatures and encrypted blocks, which travel sealed (seals.py).
Either way the name is told: for a whole answer in `x-lockgate-dropped`, in a stream by a comment or a member of it.
"""

import re
from collections.abc import Callable

from lockgate_ports.chat import Choice
from lockgate_ports.events import (
    AudioDelta,
    Delta,
    MediaDelta,
    NativeDelta,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
)
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    Video,
)

Media = Image | Audio | Video | File

_ODD = re.compile(r"[^\w.-]", re.ASCII)
_SOUND = Audio()


class Unsaid:
    """For one answer to a client of `dialect`; `shows` tells which media that dialect has a form for."""

    def __init__(self, dialect: str, shows: Callable[[Media], bool]) -> None:
        self._dialect = dialect
        self._shows = shows
        self._names: dict[str, None] = {}
        self._told = 0
        self._silent: dict[tuple[int, int], bool] = {}
        """Sound that is left out, by choice and part: whether no transcript stands for it yet."""

    @property
    def names(self) -> tuple[str, ...]:
        """What has been left out, each once, in order: `answer.image`, `answer.annotations`."""
        return tuple(self._names)

    def leave_out(self, name: str) -> None:
        """Note that the answer's `name` is not said. Anything but letters, digits, `_`, `.` and `-` becomes `_`."""
        self._names[f"answer.{_ODD.sub('_', name)[:60]}"] = None

    def fresh(self) -> tuple[str, ...]:
        """The names that this has not told before."""
        if self._told == len(self._names):
            return ()
        told, self._told = self._told, len(self._names)
        return self.names[told:]

    def comment(self) -> bytes:
        """The same as a comment among server-sent events, which clients skip; empty where there are none."""
        if self._told == len(self._names):
            return b""
        return f": x-lockgate-dropped: {', '.join(self.fresh())}\n\n".encode()

    def parts(self, choice: Choice) -> tuple[Part, ...]:
        """The parts to write."""
        return tuple([told for part in choice.parts if (told := self.part(part)) is not None])

    def part(self, part: Part) -> Part | None:
        """The part to write; None where there is nothing to say."""
        match part:
            case Text():
                if part.annotations is not None and part.native != self._dialect:
                    self.leave_out("annotations")
            case ToolCall() | Thinking() | Refusal():
                pass
            case Native():
                if part.dialect != self._dialect:
                    self.leave_out(part.type)
                    return None
            case Image() | Audio() | Video() | File():
                if not self._shows(part):
                    self.leave_out(type(part).__name__.lower())
                    words = part.transcript if isinstance(part, Audio) else None
                    return Text(words or _note(part, self._dialect))
            case ToolResult():
                raise TypeError("an answer holds no ToolResult")
        return part

    def delta(self, delta: Delta) -> Delta | None:
        """The delta to write; None where there is nothing to say."""
        match delta:
            case TextDelta():
                if delta.annotations is not None and delta.native != self._dialect:
                    self.leave_out("annotations")
            case ThinkingDelta() | ToolCallDelta() | RefusalDelta():
                pass
            case MediaDelta():
                told = self.part(delta.media)
                return TextDelta(told.text, delta.part, delta.choice) if isinstance(told, Text) else delta
            case AudioDelta() if not self._shows(_SOUND):
                return self._spoken(delta)
            case NativeDelta() if delta.dialect != self._dialect:
                self.leave_out(delta.type)
                return None
            case AudioDelta() | NativeDelta():
                pass
        return delta

    def rest(self, choice: int) -> list[TextDelta]:
        """At the end of a choice: notes for sound that came without a transcript."""
        silent = [part for (at, part), silent in self._silent.items() if silent and at == choice]
        return [TextDelta(_note(_SOUND, self._dialect), part, choice) for part in silent]

    def _spoken(self, delta: AudioDelta) -> Delta | None:
        key = (delta.choice, delta.part)
        if delta.data:
            self.leave_out("audio")
            self._silent.setdefault(key, True)
        if delta.transcript:
            self._silent[key] = False
        return TextDelta(delta.transcript, delta.part, delta.choice) if delta.transcript else None


def _note(media: Media, dialect: str) -> str:
    kind = type(media).__name__.lower()
    source = media.source
    if isinstance(source, UrlSource):
        return f"[{kind}: {source.url}]"
    what = f"{kind} ({source.media_type})" if source is not None and source.media_type else kind
    return f"[{what} left out: {dialect} has no form for it]"
