"""What a client has of an answer that broke off, and how another answer is made to go on from there. Pure."""

from collections.abc import Sequence

from msgspec import structs

from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Relayed, Start, TextDelta, UsageReport
from lockgate_ports.usage import Usage


class Delivered:
    """Only plain words can be gone on with: no tool call, no thinking, no second choice, and nothing that is over."""

    def __init__(self) -> None:
        self.part = 0
        self.plain = True
        self._words: list[str] = []

    @property
    def text(self) -> str:
        """All words so far."""
        return "".join(self._words)

    def take(self, batch: Sequence[Event]) -> None:
        """The client gets these."""
        for event in batch:
            match event:
                case TextDelta(choice=0, logprobs=None, annotations=None) if not self._words or event.part == self.part:
                    self.part = event.part
                    self._words.append(event.text)
                case Start() | UsageReport():
                    pass
                case _:
                    self.plain = False


class Splice:
    """The events of another answer, without what the client has. `prefilled`: the model was given the words and goes on
    from them; else it began anew, and must say the same again."""

    def __init__(self, delivered: Delivered, used: Usage | None, *, prefilled: bool) -> None:
        text = delivered.text
        self._prefilled = prefilled
        self._used = used
        # No provider takes a prefill that ends in white space: what was cut off there may come again.
        self._owed = text[len(prefill_of(text)) :] if prefilled else text
        self._parts: dict[int, int] = {}
        self._part = delivered.part
        self._begun = False

    def take(self, batch: Sequence[Event]) -> list[Event]:
        """What the client gets of these. Raises UpstreamError when this is another answer."""
        return [told for event in batch if (told := self._told(event)) is not None]

    def _told(self, event: Event) -> Event | None:
        match event:
            case Start():
                return None
            case UsageReport(usage):
                return UsageReport(both(self._used, usage) or usage)
            case TextDelta(choice=0):
                words = self._unsaid(event.text)
                self._begun = self._begun or bool(words)
                return structs.replace(event, text=words, part=self._place(event.part)) if words else None
            case Finish(choice=0) if self._begun or not self._owed or self._prefilled:
                return event
            case _ if not self._begun:
                raise _another("does not go on with the words that were said")
            case Finish() | Failure() | Relayed():
                return event
            case _:
                return structs.replace(event, part=self._place(event.part))

    def _unsaid(self, words: str) -> str:
        owed = self._owed
        if not owed:
            return words
        if words.startswith(owed):
            self._owed = ""
            return words[len(owed) :]
        if owed.startswith(words):
            self._owed = owed[len(words) :]
            return ""
        if self._prefilled:
            self._owed = ""
            return words
        raise _another("says something else than what was said")

    def _place(self, part: int) -> int:
        """The first part goes on with the one that broke off; those after it get numbers of their own."""
        return self._parts.setdefault(part, self._part + len(self._parts))


def prefill_of(text: str) -> str:
    """The beginning of an answer as models take it."""
    return text.rstrip()


def both(first: Usage | None, second: Usage | None) -> Usage | None:
    """The sum, of what was reported."""
    if first is None or second is None:
        return second if first is None else first
    said = structs.asdict(second)
    for name, value in structs.asdict(first).items():
        if value is not None and not isinstance(value, str | bool):
            said[name] = value if said[name] is None else said[name] + value
    said["estimated"] = first.estimated or second.estimated
    return Usage(**said)


def _another(what: str) -> UpstreamError:
    return UpstreamError(f"the answer that was to go on {what}", kind="transient")
