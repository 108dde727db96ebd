"""How times, labels and limits are written on the command line."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click
from msgspec import Struct

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BUDGET = re.compile(r"\$?(\d{1,12}(?:\.\d{1,6})?)/(day|month)")
_TIME = re.compile(r"(\d{1,6})([smhdw])")


class Moment(Struct, frozen=True):
    """A time from now on, or a moment: both in seconds, the latter since 1970."""

    seconds: float
    from_now: bool

    def at(self, now: float) -> float:
        """In seconds since 1970."""
        return now + self.seconds if self.from_now else self.seconds


class OwnLimits(Struct, frozen=True):
    """Those of a key or a parent: by the minute, at a time, and in US dollars."""

    rpm: int | None = None
    tpm: int | None = None
    parallel: int | None = None
    per_day: float | None = None
    per_month: float | None = None


def span(written: str) -> float:
    """`90d`, `12h`, `30m`, `45s`, `2w`: in seconds."""
    found = _TIME.fullmatch(written)
    if found is None:
        raise click.BadParameter(f"{written!r} is no time: write 90d, 12h, 30m or 45s")
    return float(int(found[1]) * _SECONDS[found[2]])


def moment(written: str) -> Moment:
    """A time from now on, or a day or moment in ISO form (UTC where it names no zone)."""
    if _TIME.fullmatch(written):
        return Moment(span(written), True)
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        message = f"{written!r} is no time: write 90d, 12h or 30m, or a day such as 2027-01-31"
        raise click.BadParameter(message) from None
    return Moment((found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp(), False)


def label(written: str) -> tuple[str, str]:
    """`residency=eu`."""
    name, equals, said = written.partition("=")
    if not (name and equals and said):
        raise click.BadParameter(f"{written!r} is no label: write residency=eu")
    return name, said


def budget(written: str) -> tuple[str, float]:
    """`50/month` or `5/day`: the window and US dollars."""
    found = _BUDGET.fullmatch(written)
    if found is None:
        raise click.BadParameter(f"{written!r} is no budget: write 50/month or 5/day, in US dollars")
    return found[2], float(found[1])


def limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--rpm`, `--tpm`, `--parallel` and `--budget`, as the argument `limits`."""

    @click.option("--rpm", type=click.IntRange(1), metavar="N", help="Requests a minute.")
    @click.option("--tpm", type=click.IntRange(1), metavar="N", help="Tokens a minute.")
    @click.option("--parallel", type=click.IntRange(1), metavar="N", help="Calls at a time.")
    @click.option("--budget", "budgets", type=budget, metavar="USD", multiple=True, help="50/month, 5/day.")
    @wraps(command)
    def limited(
        *args: Any,
        rpm: int | None,
        tpm: int | None,
        parallel: int | None,
        budgets: tuple[tuple[str, float], ...],
        **named: Any,
    ) -> None:
        money = dict(budgets)
        command(*args, limits=OwnLimits(rpm, tpm, parallel, money.get("day"), money.get("month")), **named)

    return limited
