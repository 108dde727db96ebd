"""Limits and budgets: the part `limits` of a settings file."""

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from lockgate_ports.limits import Limit

Count = Annotated[int, Meta(ge=1)]
Dollars = Annotated[float, Meta(ge=0)]
_SCOPE = re.compile(r"all|[a-z][a-z_-]*:\S(.*\S)?")


class LimitRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits for each scope that `scope` fits."""

    scope: str
    """`key:ID`, `tenant:NAME`, `user:TENANT/NAME` (`user:NAME` for whoever has no tenant), a parent of a key
    (`team:search`), `provider:ID`, `model:PROVIDER/NAME`, or `all`. `*` stands for any part: `tenant:*` limits each
    tenant on its own."""
    rpm: Count | None = None
    """Requests a minute."""
    tpm: Count | None = None
    """Tokens a minute, of requests and answers together."""
    parallel: Count | None = None
    """Calls at a time."""
    budget_per_day: Dollars | None = None
    """US dollars a calendar day, in UTC."""
    budget_per_month: Dollars | None = None
    """US dollars a calendar month, in UTC."""
    shadow: bool = False
    """Refuse nothing: only count, and say in the record of a call what would have refused it."""

    def __post_init__(self) -> None:
        if not _SCOPE.fullmatch(self.scope):
            raise ValueError("scope is `all`, or a word, a colon and a name: `tenant:acme`, `key:*`")
        if not self.limits:
            raise ValueError("a rule says at least one of rpm, tpm, parallel, budget_per_day, budget_per_month")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """As the core has them."""
        return limits_of(
            self.scope,
            rpm=self.rpm,
            tpm=self.tpm,
            parallel=self.parallel,
            per_day=self.budget_per_day,
            per_month=self.budget_per_month,
            shadow=self.shadow,
        )


class Limits(Struct, frozen=True, kw_only=True):
    """What clients may use, and where it is counted. In the file the kind's own fields stand beside these."""

    kind: str = "memory"
    """Where it is counted: `memory` is for one server, all its workers together; a plugin may bring a store that many
    share."""
    rules: tuple[LimitRule, ...] = ()
    """Limits and budgets; all that fit a call hold, and those of its key as well."""
    answer_tokens: Annotated[int, Meta(ge=0)] = 1024
    """How long an answer is taken to be, in tokens, when its request does not say; what it really used counts later."""
    unpriced: Literal["allow", "refuse"] = "allow"
    """What becomes of a call under a budget to a model whose price is not known: it goes and counts nothing, or it is
    refused (403 `price_unknown`)."""
    settings: Any = None
    """The kind's own settings, decoded to its own type."""


def limits_of(
    scope: str,
    *,
    rpm: int | None = None,
    tpm: int | None = None,
    parallel: int | None = None,
    per_day: float | None = None,
    per_month: float | None = None,
    shadow: bool = False,
) -> tuple[Limit, ...]:
    """As the core has them; US dollars become millionths."""
    said = (
        Limit(scope, "requests", rpm, 60, shadow) if rpm is not None else None,
        Limit(scope, "tokens", tpm, 60, shadow) if tpm is not None else None,
        Limit(scope, "in_flight", parallel, None, shadow) if parallel is not None else None,
        Limit(scope, "micro_usd", round(per_day * 1_000_000), "day", shadow) if per_day is not None else None,
        Limit(scope, "micro_usd", round(per_month * 1_000_000), "month", shadow) if per_month is not None else None,
    )
    return tuple(limit for limit in said if limit is not None)
