"""What is counted of calls: plain numbers in plain dicts, one row for each bounded set of labels.

An OpenTelemetry instrument costs some 6 us each time it is called, so none is called on the request path; readers turn
these rows into OpenTelemetry data or text when they are asked to. One thread adds, any thread may read.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from lockgate.adapters.metric_names import (
    ATTEMPT_LABELS,
    ATTEMPTS,
    CACHE_READ,
    CACHE_WRITE,
    CALL_LABELS,
    COST,
    COST_LABELS,
    COST_UNKNOWN,
    DURATION,
    FIRST_CHUNK,
    NOTE_LABELS,
    NOTES,
    OTHER,
    OVERFLOW,
    PER_CHUNK,
    REASONING,
    SKIPPED,
    TARGET_LABELS,
    TOKEN_USAGE,
    USAGE_UNKNOWN,
    Description,
)
from lockgate.adapters.tally import Buckets, Labels, Tally, Tried
from lockgate.redaction import redact
from lockgate_ports.journal import CANCELLED
from lockgate_ports.metrics import Note
from lockgate_ports.records import CallRecord

_LONGEST = 100
_NOTHING = Decimal(0)

Key = tuple[str | None, ...]
Points = list[tuple[Labels, int | float]]


class Aggregate:
    """Counts calls. Clients and upstreams choose the names of models: beyond `max_label_sets` sets of labels, for calls
    and for attempts each, a new set has `(other)` for its models, which `lockgate.label_overflow` counts.
    """

    def __init__(self, max_label_sets: int) -> None:
        self._max = max_label_sets
        self._calls: dict[Key, Tally] = {}
        self._attempts: dict[Key, Tried] = {}
        self._notes: dict[Note, int] = {}
        self._overflow = 0
        self.counters: Mapping[Description, Callable[[], Points]] = {
            ATTEMPTS: self._attempt_points,
            USAGE_UNKNOWN: lambda: [(row.labels, row.unknown) for row in self._rows() if row.unknown],
            CACHE_READ: lambda: [(row.labels, n) for row in self._rows() if (n := row.cache_read) is not None],
            CACHE_WRITE: lambda: [(row.labels, n) for row in self._rows() if (n := row.cache_write) is not None],
            REASONING: lambda: [(row.labels, n) for row in self._rows() if (n := row.reasoning) is not None],
            COST: self._cost_points,
            COST_UNKNOWN: lambda: self._target_points(lambda tried: tried.unpriced),
            SKIPPED: lambda: self._target_points(lambda tried: tried.skipped),
            OVERFLOW: lambda: [({}, self._overflow)],
            **{what: partial(self._note_points, name) for name, what in NOTES.items()},
        }
        """How to read each counter; a set of labels for which nothing was ever reported has no point."""
        self.histograms: Mapping[Description, Callable[[], list[tuple[Labels, Buckets]]]] = {
            DURATION: lambda: [(row.labels, row.duration) for row in self._rows() if any(row.duration.counts)],
            FIRST_CHUNK: lambda: [(row.labels, row.first_chunk) for row in self._rows() if any(row.first_chunk.counts)],
            PER_CHUNK: lambda: [(row.labels, row.per_chunk) for row in self._rows() if any(row.per_chunk.counts)],
            TOKEN_USAGE: self._token_buckets,
        }

    def add(self, call: CallRecord) -> None:
        """Take note of one call."""
        key = (
            call.operation,
            call.surface,
            call.provider_id,
            call.error,
            call.request_model,
            call.response_model,
        )
        row = self._calls.get(key)
        if row is None:
            row = self._row(key)
        row.duration.add(call.duration)
        if call.stream and call.first_token is not None:
            row.first_chunk.add(call.first_token)
        if call.pace is not None:
            row.per_chunk.join(call.pace)
        # A call that was refused before anything was sent used nothing; one that was left may have.
        if not row.take(call.usage) and (call.attempts or call.error == CANCELLED):
            row.unknown += 1
        for attempt in call.attempts:
            label = (attempt.provider_id, attempt.error, attempt.model)
            tried = self._attempts.get(label)
            if tried is None:
                tried = self._attempts.setdefault(self._bounded(label, self._attempts, models=1), Tried())
            tried.take(attempt)

    def note(self, note: Note) -> None:
        """Take note of what is no call; beyond `max_label_sets` of them without its detail."""
        if note not in self._notes and len(self._notes) >= self._max:
            note = Note(note.name, note.provider_id, OTHER)
        self._notes[note] = self._notes.get(note, 0) + 1

    def _row(self, raw: Key) -> Tally:
        key = self._bounded(raw, self._calls, models=2)
        row = self._calls.get(key)
        if row is None:
            row = self._calls[key] = Tally(_labels(CALL_LABELS, key))
        return row

    def _bounded(self, raw: Key, known: Mapping[Key, object], *, models: int) -> Key:
        """The key to count under; the last `models` places of one name models."""
        key = tuple(_clean(value) for value in raw)
        if key in known or len(known) < self._max:
            return key
        self._overflow += 1
        return key[:-models] + (OTHER,) * models

    def _rows(self) -> list[Tally]:
        return list(self._calls.values())

    def _attempt_points(self) -> Points:
        return [(_labels(ATTEMPT_LABELS, key), tried.count) for key, tried in list(self._attempts.items())]

    def _target_points(self, number: Callable[[Tried], int]) -> Points:
        """Of all attempts at a target together, whatever became of them."""
        found: dict[Key, int] = {}
        for (provider_id, _, model), tried in list(self._attempts.items()):
            if count := number(tried):
                found[provider_id, model] = found.get((provider_id, model), 0) + count
        return [(_labels(TARGET_LABELS, key), count) for key, count in found.items()]

    def _note_points(self, name: str) -> Points:
        return [
            (_labels(NOTE_LABELS, (_clean(note.provider_id), _clean(note.detail))), count)
            for note, count in list(self._notes.items())
            if note.name == name
        ]

    def _cost_points(self) -> Points:
        found: dict[Key, Decimal] = {}
        for (provider_id, _, model), tried in list(self._attempts.items()):
            for basis, usd in list(tried.costs.items()):
                key = (provider_id, model, basis)
                found[key] = found.get(key, _NOTHING) + usd
        return [(_labels(COST_LABELS, key), float(usd)) for key, usd in found.items()]

    def _token_buckets(self) -> list[tuple[Labels, Buckets]]:
        return [
            ({**row.labels, "gen_ai.token.type": side}, buckets)
            for row in self._rows()
            for side, buckets in (("input", row.input), ("output", row.output))
            if any(buckets.counts)
        ]


def _labels(names: tuple[str, ...], key: Key) -> Labels:
    return {name: value for name, value in zip(names, key, strict=True) if value is not None}


def _clean(value: str | None) -> str | None:
    """A label that every format can carry: clipped, with no line break, control character or lone surrogate. An empty
    one is none, since Prometheus does not tell them apart."""
    if not value:
        return None
    value = redact(value)[:_LONGEST]
    return value if value.isprintable() else "".join(mark if mark.isprintable() else "\ufffd" for mark in value)
