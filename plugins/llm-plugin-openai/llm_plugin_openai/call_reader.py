"""Tool calls of one choice, put together from deltas whose index or id may be missing, repeated or reused."""

from collections.abc import Callable

from msgspec import Raw

from llm_plugin_openai.answer_wire import WireCall, WireFunction
from lockgate_ports.carried import STRING, is_string, said
from lockgate_ports.events import Event, ToolCallDelta


class _Slot:
    """One call: held back until its name is known, since an opening delta brings it."""

    __slots__ = ("custom", "held", "id", "name", "part")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.part: int | None = None
        self.held = ""
        self.custom = False


class CallReader:
    """`fresh` numbers a new part; `any` is True once a tool is called."""

    def __init__(self, choice: int, fresh: Callable[[], int]) -> None:
        self._choice = choice
        self._fresh = fresh
        self._slots: list[_Slot] = []
        self._by_index: dict[int, _Slot] = {}
        self._last: _Slot | None = None
        self._legacy: _Slot | None = None

    @property
    def any(self) -> bool:
        """Whether a tool is called."""
        return bool(self._slots)

    def read(self, call: WireCall, events: list[Event]) -> None:
        """One item of `tool_calls`."""
        custom, function = call.custom, call.function
        call_id = str(call.id) if call.id is not None else ""
        if custom is not None and (custom.name or custom.input) and not (function is not None and function.name):
            slot = self._slot(call.index, call_id, custom.name or "")
            slot.custom = True
            self._go_on(slot, call_id, custom.name or "", custom.input or "", events)
        elif function is not None or call_id:
            name = (function.name or "") if function is not None else ""
            slot = self._slot(call.index, call_id, name)
            text = _text(function.arguments) if function is not None else ""
            self._go_on(slot, call_id, name, text, events)

    def legacy(self, call: WireFunction, events: list[Event]) -> None:
        """`function_call`, of which a message has at most one, without an id."""
        text = _text(call.arguments)
        if not (call.name or text):
            return
        if self._legacy is None:
            self._legacy = self._open()
        self._go_on(self._legacy, "", call.name or "", text, events)

    def flush(self) -> list[Event]:
        """Calls whose name never came."""
        events: list[Event] = []
        for slot in self._slots:
            if slot.part is None:
                self._begin(slot, events)
        return events

    def _slot(self, index: int | None, call_id: str, name: str) -> _Slot:
        slot = self._last if index is None else self._by_index.get(index)
        if slot is None or self._is_another(slot, index, call_id, name):
            slot = self._open()
        if index is not None:
            self._by_index[index] = slot
        self._last = slot
        return slot

    @staticmethod
    def _is_another(slot: _Slot, index: int | None, call_id: str, name: str) -> bool:
        other_id = bool(call_id and slot.id and call_id != slot.id)
        if index is not None:
            # an index that comes back with another id and a name is a new call; an id alone may differ in each chunk
            return other_id and bool(name)
        return other_id or bool(name and slot.name and not call_id)

    def _open(self) -> _Slot:
        slot = _Slot()
        self._slots.append(slot)
        return slot

    def _go_on(self, slot: _Slot, call_id: str, name: str, text: str, events: list[Event]) -> None:
        slot.id = slot.id or call_id
        slot.name = slot.name or name
        slot.held += text
        if slot.part is None:
            if slot.name:
                self._begin(slot, events)
        elif text:
            events.append(ToolCallDelta(slot.part, self._choice, arguments=text, custom=slot.custom))
            slot.held = ""

    def _begin(self, slot: _Slot, events: list[Event]) -> None:
        slot.part = self._fresh()
        slot.id = slot.id or f"call_{self._choice}_{self._slots.index(slot)}"
        events.append(ToolCallDelta(slot.part, self._choice, slot.id, slot.name, slot.held, slot.custom))
        slot.held = ""


def _text(raw: Raw) -> str:
    if not said(raw):
        return ""
    return STRING.decode(raw) if is_string(raw) else bytes(raw).decode()
