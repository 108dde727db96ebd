"""Rules about data: which providers a call may be given to, by its tenant and its labels."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from msgspec import Meta, Struct

from lockgate_ports.egress import Allowance, Retention
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Purpose

TENANT = "tenant"
"""Stands among the labels of `when` for the tenant of the call."""


class DataRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls that it fits may be given to such providers alone. Of several rules that fit, all count."""

    name: str = ""
    """What a refusal calls it; empty: its place in the list."""
    when: dict[str, str | tuple[str, ...]] = {}
    """Labels that a call must carry for the rule to fit, each with a value or several, `*` in them for anything;
    `tenant` is the tenant. Without any, the rule fits every call."""
    providers: tuple[str, ...] | None = None
    """Only these provider_ids."""
    regions: tuple[str, ...] | None = None
    """Only providers whose `region` is one of these, `eu-*` say."""
    retention: Literal["none"] | Annotated[int, Meta(ge=0)] | None = None
    """Only providers that keep nothing (`none`), or nothing for more than so many days."""
    training: bool | None = None
    """`false`: only providers that declare `training: false`."""

    def __post_init__(self) -> None:
        if self.training:
            raise ValueError("training: true asks for nothing; write training: false, or leave it out")
        if self.providers is None and self.regions is None and self.retention is None and self.training is None:
            raise ValueError("the rule asks for nothing; name providers, regions, retention or training")


class DataRules:
    """All rules of a policy. `require` are labels without which no call goes anywhere. Raises SettingsError for a rule
    that names a provider nobody configured."""

    def __init__(self, rules: Iterable[DataRule], require: Collection[str], providers: Collection[str]) -> None:
        self._rules = tuple(
            (rule.name or f"egress.rules[{index}]", rule, _wanted(rule)) for index, rule in enumerate(rules)
        )
        self._require = tuple(require)
        self.some = bool(self._rules or self._require)
        """There is something to go by."""
        for name, rule, _ in self._rules:
            for provider_id in rule.providers or ():
                if provider_id not in providers:
                    raise SettingsError(f"{name}: there is no provider {provider_id!r}")

    def refusal(self, allowance: Allowance, purpose: Purpose, *, leaves: bool) -> str | None:
        """Why this provider may not be given a call on this behalf; None when it may.

        `leaves`: data goes out of the process. Where it does not, no region, retention or training is asked for.
        """
        labels = _folded(purpose)
        for name in self._require:
            if not labels.get(name):
                return f"egress.require: the call carries no label {name!r}"
        for name, rule, wanted in self._rules:
            if _fits(wanted, labels) and (reason := _reason(rule, allowance, leaves)):
                return f"{name}: {reason}"
        return None


def _reason(rule: DataRule, allowance: Allowance, leaves: bool) -> str | None:
    if rule.providers is not None and allowance.provider_id not in rule.providers:
        return f"{allowance.provider_id} is none of its providers"
    if not leaves:
        return None
    if rule.regions is not None:
        region = allowance.region
        if region is None:
            return f"{allowance.provider_id} declares no region"
        if not any(fnmatchcase(region.lower(), pattern.lower()) for pattern in rule.regions):
            return f"the region {region} is none of {', '.join(rule.regions)}"
    if rule.retention is not None:
        kept, most = _days(allowance.retention), _days(rule.retention)
        if kept is None:
            return f"{allowance.provider_id} declares no retention"
        if most is not None and kept > most:
            return f"{allowance.provider_id} keeps data for {kept} days"
    if rule.training is False and allowance.training is not False:
        return f"{allowance.provider_id} does not declare training: false"
    return None


def _days(retention: Retention) -> int | None:
    return {"none": 0, "unknown": None}[retention] if isinstance(retention, str) else retention


def _wanted(rule: DataRule) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names and values as they are compared: a label that is written otherwise must not slip past a rule."""
    return tuple(
        (_fold(name), tuple(map(_fold, (values,) if isinstance(values, str) else values)))
        for name, values in rule.when.items()
    )


def _folded(purpose: Purpose) -> dict[str, set[str]]:
    labels: dict[str, set[str]] = {}
    for name, value in purpose.labels:
        labels.setdefault(_fold(name), set()).add(_fold(value))
    if purpose.tenant is not None:
        # Nobody becomes another tenant by a label of that name.
        labels[TENANT] = {_fold(purpose.tenant)}
    return labels


def _fits(wanted: tuple[tuple[str, tuple[str, ...]], ...], labels: dict[str, set[str]]) -> bool:
    return all(
        any(fnmatchcase(value, pattern) for value in labels.get(name, ()) for pattern in patterns)
        for name, patterns in wanted
    )


def _fold(text: str) -> str:
    return text.strip().casefold()
