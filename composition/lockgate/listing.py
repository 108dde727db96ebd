"""Which names can be asked for, and what is known of the models behind them."""

from collections.abc import Iterable, Mapping

from lockgate.settings import Settings, split_target
from lockgate_core.provider import Provider
from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import ListedModel

_UNKNOWN = ModelCard(id="")


def listed_models(settings: Settings, providers: Mapping[str, Provider]) -> list[ListedModel]:
    """The routes, and `provider_id/model` of each catalogue. What a route takes, every one of its targets takes."""
    cards = {(name, card.id): card for name, provider in providers.items() for card in provider.port.models}
    listed: list[ListedModel] = []
    for name, route in settings.routes.items():
        if "{" in "".join(route.names):
            continue  # it answers for names of others alone
        behind = [cards.get(split_target(target), _UNKNOWN) for target in route.names]
        context = _least(card.context_tokens for card in behind)
        listed.append(ListedModel(name, "lockgate", 0, context, _least(card.max_output_tokens for card in behind)))
    listed += [ListedModel(name, "lockgate", 0) for name in settings.profiles]
    listed += [
        ListedModel(f"{provider_id}/{model}", provider_id, 0, card.context_tokens, card.max_output_tokens)
        for (provider_id, model), card in cards.items()
        if settings.providers[provider_id].status in ("active", "testing")
    ]
    return listed


def _least(limits: Iterable[int | None]) -> int | None:
    """None where one of them is not known."""
    least: int | None = None
    for limit in limits:
        if limit is None:
            return None
        least = limit if least is None else min(least, limit)
    return least
