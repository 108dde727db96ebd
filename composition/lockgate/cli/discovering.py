"""What the providers themselves say of the models they have, asked now."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from lockgate.cli.catalogue import Offered, offered
from lockgate.cli.opening import opened
from lockgate.gateway import Gateway
from lockgate_ports.cards import ModelCard
from lockgate_ports.catalogue import overlaid
from lockgate_ports.errors import LockgateError, Unsupported
from lockgate_ports.model import Attempt


async def discovered(
    path: Path | None, environment: str | None, provider: str | None
) -> tuple[list[Offered], list[str], list[LockgateError]]:
    """The models on the lists of all providers or of one; in words, who has no list; and the errors of those who did
    not tell. What a list says stands over what the catalogue knows of the same model."""
    async with opened(path, environment) as gateway:
        asked = [provider] if provider is not None else list(gateway.providers)
        told = await asyncio.gather(*(_ask(gateway, each) for each in asked))
    found: list[Offered] = []
    without: list[str] = []
    errors: list[LockgateError] = []
    for said in told:
        if isinstance(said, Unsupported):
            without.append(said.message)
        elif isinstance(said, LockgateError):
            errors.append(said)
        else:
            found += said
    return found, without, errors


async def _ask(gateway: Gateway, provider_id: str) -> Sequence[Offered] | LockgateError:
    provider = gateway.providers[provider_id]
    try:
        cards = await provider.port.discover(Attempt("", await provider.secret()))
    except LockgateError as error:
        return error
    kind = gateway.settings.providers[provider_id].kind
    return [offered(provider_id, kind, card) for card in _known(provider.port.models, cards)]


def _known(known: Sequence[ModelCard], listed: Sequence[ModelCard]) -> tuple[ModelCard, ...]:
    return overlaid(known, listed)[: len({card.id for card in listed})]
