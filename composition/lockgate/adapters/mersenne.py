"""Chance from Python's own generator, which can be copied: so `explain` sees what the next call will."""

import random


class Mersenne:
    """Dice. Where traffic goes is no secret: the generator need not be one that nobody can foresee."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or random.Random()  # noqa: S311  see above
        self.roll = self._source.random

    def fork(self) -> "Mersenne":
        """Dice that will roll what these would."""
        copied = random.Random()  # noqa: S311  see above
        copied.setstate(self._source.getstate())
        return Mersenne(copied)
