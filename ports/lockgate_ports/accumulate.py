"""Fold a stream of events into the whole answer it stands for."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.events import (
    AudioDelta,
    Delta,
    Event,
    Failure,
    Finish,
    MediaDelta,
    NativeDelta,
    ReadEvent,
    RefusalDelta,
    Skipped,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
    is_delta,
)
from lockgate_ports.parts import Audio, InlineSource, Native, Part, Refusal, Text, Thinking, ToolCall
from lockgate_ports.usage import Usage

_UNSAID = Start()
_Runs = dict[int, list[Delta]]
"""The deltas of one choice, by part."""


class Accumulator:
    """`add` events in order, then read `response`. A stream and its plain answer give the same object."""

    def __init__(self) -> None:
        self._start = _UNSAID
        self._usage: Usage | None = None
        self._runs: dict[int, _Runs] = {}
        self._finishes: dict[int, Finish] = {}

    def add(self, event: ReadEvent) -> None:
        """Take one canonical event. Raises its error for a Failure, TypeError for a Relayed one or a part that changes
        its kind."""
        if type(event) is TextDelta or is_delta(event):
            runs = self._runs.get(event.choice)
            if runs is None:
                runs = self._runs[event.choice] = {}
            _grow(runs, event)
        elif type(event) is Start:
            self._start = event
        elif type(event) is UsageReport:
            self._usage = event.usage
        elif type(event) is Finish:
            self._finishes[event.choice] = event
        elif type(event) is Failure:
            raise event.error
        elif type(event) is not Skipped:
            raise TypeError("a relayed event has no canonical form; read the stream without relaying")

    @property
    def response(self) -> ChatResponse:
        """The answer so far."""
        start, runs, finishes = self._start, self._runs, self._finishes
        return ChatResponse(
            tuple(
                [_choice(index, runs.get(index) or {}, finishes.get(index)) for index in sorted({**runs, **finishes})]
            ),
            start.id,
            start.model,
            start.created,
            self._usage,
            start.service_tier,
            start.system_fingerprint,
        )


def choice_of(deltas: Iterable[Event], index: int, finish: Finish | None) -> Choice:
    """The choice that all its deltas and its end make up. Raises TypeError as `parts_of` does."""
    return _choice(index, _runs_of(deltas), finish)


def parts_of(deltas: Iterable[Event]) -> tuple[Part, ...]:
    """The parts that the deltas of one choice make up. Raises TypeError for anything else, and for a part that changes
    its kind."""
    return _parts(_runs_of(deltas))


def _runs_of(deltas: Iterable[Event]) -> _Runs:
    runs: _Runs = {}
    for delta in deltas:
        if not is_delta(delta):
            raise TypeError(f"{type(delta).__name__} is no delta")
        _grow(runs, delta)
    return runs


def _grow(runs: _Runs, delta: Delta) -> None:
    run = runs.get(delta.part)
    if run is None:
        runs[delta.part] = [delta]
    elif type(run[0]) is type(delta):
        run.append(delta)
    else:
        raise TypeError(
            f"part {delta.part} of choice {delta.choice} began as {type(run[0]).__name__} and goes on as "
            f"{type(delta).__name__}; each part needs a number of its own"
        )


def _choice(index: int, runs: _Runs, finish: Finish | None) -> Choice:
    measured: list[Raw] = []
    for number in sorted(runs):
        for delta in runs[number]:
            if not isinstance(delta, _MEASURED):
                break  # nor are the others of its part
            if delta.logprobs is not None:
                measured.append(delta.logprobs)
    return Choice(
        index,
        _parts(runs),
        finish.reason if finish is not None else None,
        finish.native_reason if finish is not None else None,
        _logprobs(measured) if measured else None,
    )


def _parts(runs: _Runs) -> tuple[Part, ...]:
    if len(runs) == 1:
        for run in runs.values():
            return tuple(_part(run))
    return tuple([part for number in sorted(runs) for part in _part(runs[number])])


def _part(run: list[Delta]) -> list[Part]:
    first = run[0]
    match first:
        case TextDelta() if len(run) == 1 and first.annotations is None:
            return [Text(first.text, None, first.native)]
        case TextDelta():
            texts = [delta for delta in run if isinstance(delta, TextDelta)]
            notes = [delta.annotations for delta in texts if delta.annotations is not None]
            return [
                Text("".join(delta.text for delta in texts), _joined(notes), _first(delta.native for delta in texts))
            ]
        case RefusalDelta():
            return [Refusal("".join(delta.text for delta in run if isinstance(delta, RefusalDelta)))]
        case ThinkingDelta():
            thoughts = [delta for delta in run if isinstance(delta, ThinkingDelta)]
            return [
                Thinking(
                    "".join(delta.text for delta in thoughts),
                    "".join(delta.signature or "" for delta in thoughts) or None,
                    "".join(delta.redacted or "" for delta in thoughts) or None,
                    _first(delta.id for delta in thoughts),
                    _first(delta.native for delta in thoughts),
                )
            ]
        case ToolCallDelta():
            calls = [delta for delta in run if isinstance(delta, ToolCallDelta)]
            return [
                ToolCall(
                    _first(delta.id for delta in calls) or "",
                    _first(delta.name for delta in calls) or "",
                    "".join(delta.arguments for delta in calls),
                    first.custom,
                    _first(delta.signature for delta in calls),
                    _first(delta.native for delta in calls),
                )
            ]
        case AudioDelta():
            sounds = [delta for delta in run if isinstance(delta, AudioDelta)]
            data = joined_base64([delta.data for delta in sounds if delta.data])
            return [
                Audio(
                    InlineSource(data, _first(delta.media_type for delta in sounds)) if data else None,
                    id=_first(delta.id for delta in sounds),
                    transcript="".join(delta.transcript for delta in sounds) or None,
                    expires_at=next((delta.expires_at for delta in sounds if delta.expires_at), None),
                )
            ]
        case MediaDelta():
            return [delta.media for delta in run if isinstance(delta, MediaDelta)]
        case NativeDelta():
            return [Native(delta.dialect, delta.type, delta.raw) for delta in run if isinstance(delta, NativeDelta)]


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def joined_base64(pieces: Sequence[str]) -> str:
    """What the pieces make up, cut anywhere or each encoded by itself."""
    if any(piece.endswith("=") for piece in pieces[:-1]):  # each was encoded by itself
        return b64encode(b"".join(b64decode(piece) for piece in pieces)).decode("ascii")
    return "".join(pieces)


def _joined(arrays: list[Raw]) -> Raw | None:
    items = [inner for array in arrays if (inner := bytes(array).strip()[1:-1].strip())]
    return Raw(b"[" + b",".join(items) + b"]") if items else None


class _Logprobs(Struct):
    content: list[Raw] | None = None
    refusal: list[Raw] | None = None


_READ = msgspec.json.Decoder(_Logprobs)
_MEASURED = (TextDelta, RefusalDelta)


def _logprobs(measured: list[Raw]) -> Raw:
    found = [_READ.decode(each) for each in measured]
    content = [row for each in found for row in each.content or ()]
    refusal = [row for each in found for row in each.refusal or ()]
    return Raw(msgspec.json.encode(_Logprobs(content or None, refusal or None)))
