"""Whether a chain of rows holds, and whether what is added up follows from it: the same for every store."""

from collections.abc import Sequence

import msgspec

from lockgate_ports.ledger import Verdict
from lockgate_ports.ledger_rows import End, Line, decode, lines, seal


class ChainCheck:
    """Fed every row in the order of their numbers, until it finds one that does not fit. `noted` is the hash of a row
    that must be among them, in hex."""

    def __init__(self, before: End, noted: str | None = None) -> None:
        self._number = before.number
        self._hash = before.hash
        self._at = before.at
        self._rows = 0
        self._noted = noted.strip().lower() if noted else None
        self._missed = self._noted is not None and self._noted != before.hash.hex()

    def take(
        self, number: int, at: float, kind: str | None, body: bytes, hashed: bytes, told: Sequence[Line] | None
    ) -> Verdict | None:
        """One row, with the lines that are kept of it; None in place of these where they cannot be read. Returns what
        is wrong with it, None when nothing is."""
        self._number += 1
        if number != self._number:
            return self._wrong(f"row {self._number} is not there")
        self._hash = seal(self._hash, number, body)
        if hashed != self._hash:
            return self._wrong("it is not what was written")
        try:
            entry = decode(body)
        except msgspec.MsgspecError:
            return self._wrong("it cannot be read")
        if entry.at < self._at:
            return self._wrong("it is older than the one before it")
        if at != entry.at or kind != entry.kind:
            return self._wrong("what is kept beside it differs")
        self._at = entry.at
        right = lines(entry)
        if told is None or list(told) != right:
            named = "" if told is None else _names(told, right)
            return self._wrong(f"what is added up of it differs{named}")
        self._rows += 1
        if self._missed and self._hash.hex() == self._noted:
            self._missed = False
        return None

    def end(self, last: End, strangers: int) -> Verdict:
        """When there is no more: `last` is where the store says that it ends, `strangers` the number of lines that
        belong to no row."""
        if last.number != self._number:
            self._number += 1
            return self._wrong(f"rows {self._number} to {last.number} are not there")
        if last.number and last.hash != self._hash:
            return self._wrong("the end that is kept is another")
        fault = None
        if self._missed:
            fault = "the head that was noted is not in it: it was written anew, or cut, or begins later"
        elif strangers:
            fault = f"{strangers} lines are added up that no row tells of"
        return Verdict(rows=self._rows, head=self.head, fault=fault)

    @property
    def head(self) -> str:
        """The hash so far, in hex; empty before the first row."""
        return self._hash.hex() if self._number else ""

    def _wrong(self, fault: str) -> Verdict:
        return Verdict(rows=self._rows, head=self.head, fault=fault, row=self._number)


def _names(told: Sequence[Line], right: Sequence[Line]) -> str:
    """Which fields differ."""
    if len(told) != len(right):
        return ": there are too few" if len(told) < len(right) else ": there are too many"
    wrong = [
        name
        for one, other in zip(told, right, strict=True)
        for name in Line.__struct_fields__
        if getattr(one, name) != getattr(other, name)
    ]
    return f": {', '.join(dict.fromkeys(wrong))}"
