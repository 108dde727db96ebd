"""A stream for a client of this very dialect: events go on as they came, and are only glanced at."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.responses.answer_reader import native_word, reason_of
from llm_plugin_openai.responses.answer_wire import RESPONSE, WireResponse
from llm_plugin_openai.responses.read_response import failed, usage_of
from llm_plugin_openai.responses.request_wire import NAME
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import NULL, said
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Relayed, Skipped
from lockgate_ports.sse import SseEvent
from lockgate_ports.sse_relay import odd

_ENDS = ("response.completed", "response.incomplete")
_QUIET = ("response.created", "response.in_progress", "response.queued", "keepalive")
_CALLS = ("function_call", "custom_tool_call")


class _Item(Struct, gc=False):
    type: str = ""


class _Glance(Struct, gc=False):
    type: str = ""
    response: Raw = NULL
    item: _Item | None = None
    error: Raw = NULL


_GLANCE = msgspec.json.Decoder(_Glance)
_ITEM = msgspec.json.Decoder(_Item)


class RelayGlance:
    """One `Relayed` an event."""

    def __init__(self) -> None:
        self._calling = False
        self.over = False

    def read(self, event: SseEvent) -> ReadEvent:
        """The event, and what was told by it."""
        data = event.data
        try:
            told = _GLANCE.decode(data)
            if not data.isascii() and utf8_fault(data) is not None:
                return Skipped()
            kind = told.type
            if kind == "error" or event.event == "error" or said(told.error):
                return self._fail(data)
            if kind in _QUIET:
                return Relayed(event.raw)
            if said(told.response):
                return self._ending(kind, event, RESPONSE.decode(told.response))
        except msgspec.ValidationError:
            return self._fail(data) if event.event == "error" else odd(event)
        except BROKEN:
            return self._fail(data) if event.event == "error" else Skipped()
        if told.item is not None:
            self._calling = self._calling or told.item.type in _CALLS
        return Relayed(event.raw, content=True)

    def _ending(self, kind: str, event: SseEvent, response: WireResponse) -> Event:
        if kind in ("response.failed", "response.cancelled"):
            self.over = True
            return Failure(failed(response))
        if kind not in _ENDS:
            return Relayed(event.raw)
        self.over = True
        calls = self._calling or any(_ITEM.decode(item).type in _CALLS for item in response.output or ())
        finish = Finish(reason_of(response, calls=calls), 0, native_word(response))
        return Relayed(event.raw, content=True, finishes=(finish,), usage=usage_of(response))

    def _fail(self, data: bytes) -> Failure:
        self.over = True
        return Failure(error_inside(data, NAME))
