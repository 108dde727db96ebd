"""A request while a dialect writes it: what becomes of things the target has no word for."""

from collections.abc import Sequence

from msgspec import Raw

from lockgate_ports.chat import NativeTool, Tool
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import Unsupported
from lockgate_ports.parts import Text, ToolCall


def asks(name: str, value: object) -> bool:
    """Whether a parameter asks for anything: that nothing is kept, and no probabilities are told, is so anyway where
    there is no word for it."""
    return value is not None and not (value is False and name in ("store", "logprobs"))


class Draft:
    """Decides, by the provider's `params`, whether tuning that it has no word for is refused, left out or sent; and
    keeps the names of what is left out."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self._dropped: list[str] = []

    @property
    def dropped(self) -> tuple[str, ...]:
        """The names of what was left out, each once, in order."""
        return tuple(dict.fromkeys(self._dropped)) if self._dropped else ()

    def admits(self, name: str) -> bool:
        """Whether to send tuning that the target has no word for. Raises Unsupported where the settings are strict."""
        if self.upstream.params == "pass":
            return True
        if self.upstream.params == "strict":
            raise Unsupported(
                f"{self.upstream.provider_id} has no word for {name}; leave it out, or set the provider's params to "
                "drop or pass",
                param=name,
            )
        self.leave_out(name)
        return False

    def leave_out(self, name: str) -> None:
        """Note that something which only advises is not said."""
        self._dropped.append(name)

    def notes(self, text: Text, at: str, own: str = "") -> Raw | None:
        """The citations of a text, where they are in the words of the dialect `own`; others are left out by name."""
        if text.annotations is None or text.native == own:
            return text.annotations
        self.leave_out(f"{at}.annotations")
        return None

    def seal(self, call: ToolCall, at: str, own: str = "") -> str | None:
        """The signature of a tool call, where it means something to the dialect `own`; others are left out by name."""
        if call.signature is None or call.native == own:
            return call.signature
        self.leave_out(f"{at}.signature")
        return None

    def offered(self, tools: Sequence[Tool], own: str) -> list[tuple[int, Tool]]:
        """The tools to write, each with its place. What another provider runs itself (its web search, say) is an offer
        beside others: it is left out and named. Where it is all there is, or the settings are strict, it stays, for the
        writer to refuse."""
        numbered = list(enumerate(tools))
        known = [each for each in numbered if not isinstance(each[1], NativeTool) or each[1].dialect == own]
        if not known or self.upstream.params == "strict":
            return numbered
        for place, tool in numbered:
            if isinstance(tool, NativeTool) and tool.dialect != own:
                self.leave_out(f"tools[{place}]")
        return known

    def cannot_say(self, what: str, at: str) -> Unsupported:
        """The refusal of content that may not be left out; `at` is its path in the request."""
        return Unsupported(f"{at}: {self.upstream.provider_id} takes no {what}", param=at)
