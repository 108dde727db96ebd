"""Sizes of models in billions of parameters, as settings and clients write them."""

import re

from msgspec import Struct

_NUMBER = r"(\d+(?:\.\d+)?)\s*[bB]"
_BELOW = re.compile(rf"<\s*{_NUMBER}")
_ABOVE = re.compile(rf">\s*{_NUMBER}")
_BETWEEN = re.compile(rf"{_NUMBER}\s*-\s*{_NUMBER}")
_ONE = re.compile(_NUMBER)


class Size(Struct, frozen=True):
    """A range. `< 8B` and `> 13B` leave their end out, `8B - 13B` holds both of its ends."""

    low: float = 0.0
    high: float = float("inf")
    open: bool = False
    """The ends themselves do not belong to it."""

    @classmethod
    def read(cls, text: str) -> "Size":
        """`< 8B`, `8B - 13B` or `> 13B`. Raises ValueError."""
        text = text.strip()
        if found := _BELOW.fullmatch(text):
            return cls(0.0, float(found[1]), open=True)
        if found := _ABOVE.fullmatch(text):
            return cls(float(found[1]), open=True)
        if (found := _BETWEEN.fullmatch(text)) and float(found[1]) <= float(found[2]):
            return cls(float(found[1]), float(found[2]))
        raise ValueError("a size is written `< 8B`, `8B - 13B` (the smaller first) or `> 13B`")

    def holds(self, billions: float) -> bool:
        """Is a model of so many billions of parameters within?"""
        return self.low < billions < self.high if self.open else self.low <= billions <= self.high

    def overlaps(self, other: "Size") -> bool:
        """Is there a size that both hold?"""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return low < high or (low == high and self.holds(low) and other.holds(low))


def billions(text: str) -> float | None:
    """`7B` -> 7.0; None when it is no size."""
    found = _ONE.fullmatch(text.strip())
    return float(found[1]) if found else None
