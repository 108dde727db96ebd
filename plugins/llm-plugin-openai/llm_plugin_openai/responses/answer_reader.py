"""The items of one answer in their order, and why it ended."""

from msgspec import Raw

from llm_plugin_openai.responses.answer_wire import WireResponse
from llm_plugin_openai.responses.item_reader import ItemReader
from lockgate_ports.chat import FinishReason
from lockgate_ports.events import Event, Finish

_WHY: dict[str | None, FinishReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "max_messages": "length",
    "content_filter": "content_filter",
}


class AnswerReader:
    """Numbers the parts of the answer in order of first appearance."""

    def __init__(self) -> None:
        self._items: dict[int, ItemReader] = {}
        self._parts = 0

    def item(self, index: int) -> ItemReader:
        """The item at `output_index`."""
        reader = self._items.get(index)
        if reader is None:
            reader = self._items[index] = ItemReader(self._fresh)
        return reader

    def rest(self, output: list[Raw] | None) -> list[Event]:
        """What of these items has not been told yet."""
        return [event for place, raw in enumerate(output or ()) for event in self.item(place).finish(raw)]

    def finish(self, response: WireResponse) -> Finish:
        """Why it ended."""
        word = native_word(response)
        return Finish(reason_of(response, calls=any(item.calls for item in self._items.values())), 0, word)

    def _fresh(self) -> int:
        self._parts += 1
        return self._parts - 1


def reason_of(response: WireResponse, *, calls: bool) -> FinishReason | None:
    """Our word; None for an answer that is not at its end, or ended in a way we do not know."""
    if response.status == "incomplete":
        return _WHY.get(response.incomplete_details.reason if response.incomplete_details is not None else None)
    if response.status in (None, "completed"):
        return "tool_calls" if calls else "stop"
    return None


def native_word(response: WireResponse) -> str | None:
    """Their word: the status, or why an answer is incomplete."""
    details = response.incomplete_details
    return (details.reason if details is not None else None) or response.status
