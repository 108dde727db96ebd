"""How the stores of a deployment are: the ledger, the limits, the file of keys, the kept answers, and token issuers."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from msgspec import structs

from lockgate.deployment import Deployment
from lockgate.findings import AtFault, Finding, Tell, tried
from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger import LedgerPort, UsageQuery
from lockgate_ports.limits import Claim, Limit, LimitsPort
from lockgate_ports.store_health import StoreHealth, TellsHealth

if TYPE_CHECKING:
    from lockgate.adapters.issuer_keys import IssuerKeys

_FIRST_ROW = 1.0
_SKEW = 5.0
"""Seconds by which clocks may differ."""
_PROBE = Claim(Limit("doctor", "requests", 1_000_000_000, 60), 1)


async def stores(deployment: Deployment, tell: Tell) -> AsyncIterator[Finding]:
    """Each that there is."""
    ledger, limits, answers, tokens = deployment.ledger, deployment.limits, deployment.answers, deployment.tokens
    if ledger is not None:
        tell("the ledger")
        yield await tried("store", "ledger", lambda: _ledger(ledger))
    if limits is not None:
        tell("the store of limits")
        yield await tried("store", "limits", lambda: _limits(limits))
    if (keys := deployment.callers.keys) is not None:
        tell("the file of keys")

        async def counted() -> str:
            return keys.told()

        yield await tried("store", "keys", counted)
    if answers is not None:
        tell("the store of answers")

        async def found() -> str:
            await answers.find("doctor", "none")
            return "answers"

        yield await tried("store", "responses", found)
    for name, issuer in ({} if tokens is None else tokens.issuers).items():
        tell(f"the issuer {name}")

        async def read(issuer: "IssuerKeys" = issuer) -> str:
            return f"tells {await issuer.read()} keys"

        yield await tried("issuer", name, read)


async def _ledger(ledger: LedgerPort) -> str:
    try:
        health = await _look(ledger)
    except LockgateError:
        # A new ledger is made with its first row, which may be on its way: that the gateway opened.
        await asyncio.sleep(_FIRST_ROW)
        health = await _look(ledger)
    if ledger.lost:
        lost = f"{ledger.lost} rows were lost since the gateway opened"
        health = structs.replace(health, faults=(*health.faults, lost))
    return _told(health)


async def _look(ledger: LedgerPort) -> StoreHealth:
    if isinstance(ledger, TellsHealth):
        return await ledger.health()
    await ledger.usage(UsageQuery(since=2.0**40))
    return StoreHealth(says="answers")


async def _limits(limits: LimitsPort) -> str:
    if isinstance(limits, TellsHealth):
        return _told(await limits.health())
    limits.settle(await limits.claim([_PROBE]), [0])
    return "counts"


def _told(health: StoreHealth) -> str:
    """Raises AtFault for what will go wrong."""
    faults = list(health.faults)
    said = health.says
    if (skew := health.clock_skew) is not None:
        said = f"{said}, clock {skew:+.1f} s"
        if abs(skew) > _SKEW:
            where = "ahead of" if skew > 0 else "behind"
            faults.append(f"its clock is {abs(skew):.1f} s {where} the one here: let both keep time (NTP)")
    if faults:
        raise AtFault("; ".join([said, *faults]))
    return said
