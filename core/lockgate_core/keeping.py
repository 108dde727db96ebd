"""Prompts and answers that a route keeps beside the record of a call, as they may be kept. Pure."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from lockgate_core.blotting import Blotted, Redact
from lockgate_core.overheard import Overheard
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import Event, Failure, ReadEvent, Relayed
from lockgate_ports.ledger import Content
from lockgate_ports.steps import AnswerStream
from lockgate_ports.wire import Reply, Request

_ENOUGH = 8
"""Letters of events for one that is kept at most: what comes beyond that is not gathered."""


class KeepPolicy(Struct, frozen=True):
    """What of a call is kept, for so many seconds, with at most so many letters each."""

    prompts: bool
    answers: bool
    redact: Redact
    seconds: float
    max_letters: int


class Notes:
    """Of one call, while it lasts."""

    def __init__(self, policy: KeepPolicy, request: Request[Any]) -> None:
        self._policy = policy
        self._request = request
        self._answers = policy.answers and request.operation == "chat"
        self._reply: Reply[Any] | None = None
        self._heard: Accumulator | None = None
        self._room = policy.max_letters * _ENOUGH
        self._partial = False

    def begin(self, request: Request[Any]) -> None:
        """This is what will be asked."""
        request.tell_reply = self._answers and request.stream

    def whole(self, reply: Reply[Any]) -> None:
        """The answer, in one."""
        if self._answers:
            self._reply = reply

    def overhear(self, stream: AnswerStream) -> AnswerStream:
        """The stream, of which is noted what it says."""
        return Overheard(stream, self.take) if self._answers else stream

    def take(self, batch: Sequence[Event]) -> None:
        """The client gets these."""
        if self._heard is None:
            self._heard = Accumulator()
        for event in batch:
            for told in event.told if isinstance(event, Relayed) else (event,):
                self._add(told, self._heard)

    def content(self, request_id: str) -> Content | None:
        """What is kept; None when that is nothing."""
        policy = self._policy
        prompt, cut = self._blotted(_asked(self._request)) if policy.prompts else (None, False)
        answer, more = self._blotted(self._answered())
        if prompt is None and answer is None:
            return None
        return Content(
            request_id=request_id,
            keep_for=policy.seconds,
            prompt=prompt,
            answer=answer,
            cut=cut or more or self._partial,
        )

    def _add(self, event: ReadEvent, heard: Accumulator) -> None:
        if isinstance(event, Failure | Relayed) or self._partial:
            return
        self._room -= len(getattr(event, "text", "")) + len(getattr(event, "arguments", "")) + 1
        if self._room < 0:
            self._partial = True
            return
        try:
            heard.add(event)
        except TypeError:  # a part that changes its kind: the client has it, and it has no form to be kept in
            self._partial = True

    def _answered(self) -> Any:
        if (reply := self._reply) is not None:
            if reply.body is not None:
                return _read(reply.body)
            return _told(lambda: reply.view)
        heard = self._heard
        return None if heard is None else _told(lambda: heard.response)

    def _blotted(self, document: Any) -> tuple[str | None, bool]:
        if document is None:
            return None, False
        blotted = Blotted(self._policy.redact, self._policy.max_letters)
        return blotted.text(document), blotted.cut


def _asked(request: Request[Any]) -> Any:
    if request.body is not None:
        return _read(request.body)
    return _told(lambda: request.view)


def _told(view: Callable[[], Any]) -> Any:
    """None for what nobody can read."""
    try:
        return _read(msgspec.json.encode(view()))
    except (LockgateError, UnicodeEncodeError):
        return None


def _read(body: bytes) -> Any:
    """None for what is no JSON: a recording, say."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
