"""Which models settings offer, told without opening a provider."""

import asyncio
from collections.abc import Mapping

from msgspec import Struct

from lockgate.building import NoWayOut
from lockgate.plugins import Plugins
from lockgate.settings import Settings, split_target
from lockgate_ports.cards import ModelCard
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext


class Offered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A name to ask for: a route with its `targets`, or a model of the provider `provider_id`, of `kind`, and
    what is known of it."""

    model: str
    provider_id: str = ""
    kind: str = ""
    targets: tuple[str, ...] = ()
    card: ModelCard | None = None


def listed(
    settings: Settings, plugins: Plugins, env: Mapping[str, str], provider: str | None
) -> tuple[list[Offered], list[str]]:
    """What can be asked for, of all providers or of one; and the providers that list nothing."""
    asked = [provider] if provider is not None else list(settings.providers)
    cards = catalogues(settings, plugins, env, asked)
    found = [
        Offered(model=name, targets=route.names)
        for name, route in settings.routes.items()
        if provider is None or any(split_target(target)[0] == provider for target in route.names)
    ]
    found += [
        offered(provider_id, settings.providers[provider_id].kind, card)
        for provider_id in asked
        for card in cards[provider_id]
    ]
    return found, [provider_id for provider_id in asked if not cards[provider_id]]


def offered(provider_id: str, kind: str, card: ModelCard) -> Offered:
    """One model of a provider."""
    return Offered(model=f"{provider_id}/{card.id}", provider_id=provider_id, kind=kind, card=card)


def catalogues(
    settings: Settings, plugins: Plugins, env: Mapping[str, str], asked: list[str]
) -> dict[str, tuple[ModelCard, ...]]:
    """The models of each provider asked for, by provider_id. Providers are built, since their settings may name
    models, with no way out to the network, and are not opened. Raises SettingsError naming one that cannot be built."""

    async def build() -> dict[str, tuple[ModelCard, ...]]:
        cards: dict[str, tuple[ModelCard, ...]] = {}
        for provider_id in asked:
            row = settings.providers[provider_id]
            context = BuildContext(provider_id, NoWayOut(), env=env)
            try:
                port = plugins.models[row.kind].build(row.kind_settings, context)
            except SettingsError as error:
                raise SettingsError(f"providers.{provider_id}: {error.message}") from error
            cards[provider_id] = port.models
            await port.aclose()
        return cards

    return asyncio.run(build())
