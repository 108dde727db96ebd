"""A stream for a client of cohere-chat itself: events go on as they came, and are only glanced at."""

import msgspec

from llm_plugin_cohere.answer_wire import EVENT, WireDelta
from llm_plugin_cohere.error_in import ERRORS
from llm_plugin_cohere.finish import failure_of, reason_of
from llm_plugin_cohere.names import CHAT
from llm_plugin_cohere.usage import read_chat_usage
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Relayed, Skipped
from lockgate_ports.sse import SseEvent

_CONTENT = ("content-delta", "content-start", "tool-plan-delta", "tool-call-start", "tool-call-delta")


class RelayGlance:
    """One `Relayed` an event."""

    def __init__(self) -> None:
        self._calling = False
        self.over = False

    def read(self, event: SseEvent) -> ReadEvent | None:
        """The event, and what was told by it."""
        if event.data.startswith(b"[DONE]"):
            return None
        try:
            wire = EVENT.decode(event.data)
            event.data.decode()
        except msgspec.ValidationError:
            # an object of some other shape is the client's to judge; anything else is no event of this language
            return Relayed(event.raw, content=True) if event.data.lstrip().startswith(b"{") else Skipped()
        except BROKEN:
            return Skipped()
        if isinstance(wire.message, str) and wire.delta is None:
            return self._fail(ERRORS.inside(event.data, CHAT))
        kind = wire.type or event.event
        if kind == "message-end":
            return self._end(event, wire.delta or WireDelta())
        self._calling = self._calling or kind == "tool-call-start"
        return Relayed(event.raw, content=kind in _CONTENT)

    def _end(self, event: SseEvent, delta: WireDelta) -> Event:
        failed = failure_of(delta.finish_reason, delta.error)
        if failed is not None:
            return self._fail(failed)
        finish = Finish(reason_of(delta.finish_reason, calls=self._calling), 0, delta.finish_reason)
        return Relayed(event.raw, finishes=(finish,), usage=read_chat_usage(delta.usage))

    def _fail(self, error: UpstreamError) -> Failure:
        self.over = True
        return Failure(error)
