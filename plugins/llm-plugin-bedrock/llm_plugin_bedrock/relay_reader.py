"""A stream that goes on in its own frames, with what the engine must notice on the way."""

from collections.abc import Sequence

from llm_plugin_bedrock.event_stream import Frame, FrameParser
from llm_plugin_bedrock.events_in import ConverseReader
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Relayed, Start, UsageReport


class RelayReader:
    """Each frame as one Relayed event; an error as a Failure."""

    def __init__(self) -> None:
        self._frames = FrameParser()
        self._reader = ConverseReader()
        self._over = False

    def feed(self, data: bytes) -> Sequence[Event]:
        """The frames that `data` completes."""
        events: list[Event] = []
        if self._over:
            return events
        try:
            for frame in self._frames.feed(data):
                events.append(self._relayed(frame))
                if self._over:
                    break
        except UpstreamError as error:
            self._over = True
            events.append(Failure(error))
        return events

    def end(self) -> Sequence[Event]:
        """Nothing is held but a frame that is not complete."""
        return ()

    def _relayed(self, frame: Frame) -> Event:
        told = self._reader.read(frame)
        for event in told:
            if isinstance(event, Failure):
                self._over = True
                return event
        usage = next((event.usage for event in told if isinstance(event, UsageReport)), None)
        return Relayed(
            frame.raw,
            content=any(not isinstance(event, Start | Finish | UsageReport) for event in told),
            finishes=tuple(event for event in told if isinstance(event, Finish)),
            usage=usage,
            usage_only=usage is not None,
        )
