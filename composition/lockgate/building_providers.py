"""How providers are made from their rows, and opened."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from msgspec import structs

from lockgate.adapters.bypass_watch import entered, inside, left
from lockgate.adapters.notebook import Notebook
from lockgate.parts import LiveSecrets, Parts, Ties
from lockgate.plugins import Plugins
from lockgate.seat import ALONE, Seat
from lockgate.settings.concurrency import Concurrency
from lockgate.settings.model import ProviderRow, Settings
from lockgate.settings.routes import OwnRetry as OwnRetryRow
from lockgate.ways import WaysOut
from lockgate_core.breaker import BreakerPolicy, Breakers
from lockgate_core.budget import BudgetPolicy, RetryBudget
from lockgate_core.held_key import KeySource
from lockgate_core.keys import KeyPool
from lockgate_core.laid_over import laid_over
from lockgate_core.provider import OwnRetry, Provider, Timeouts, unwatched
from lockgate_core.slots import AdaptivePolicy, ProviderSlots, SlotsPolicy
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.metrics import Note
from lockgate_ports.model import ModelPort
from lockgate_ports.secrets import SecretsPort

Env = Mapping[str, str]


def build_providers(
    settings: Settings,
    plugins: Plugins,
    secrets: SecretsPort,
    ways: WaysOut,
    notebook: Notebook,
    env: Env,
    parts: Parts,
    seat: Seat,
) -> dict[str, Provider]:
    """Every configured provider, not open yet."""
    return {
        provider_id: _provider(provider_id, settings, plugins, secrets, ways, notebook, env, parts, seat)
        for provider_id in settings.providers
    }


async def open_providers(settings: Settings, providers: Mapping[str, Provider], parts: Parts) -> None:
    """Opens all at once that are new and not disabled. Raises SettingsError naming the one that does not open.

    Not a resource of the container: that could not be cancelled while a model loads.
    """
    rows = settings.providers
    enabled = [each for each in providers.values() if rows[each.provider_id].status != "disabled"]
    await asyncio.gather(*(_open(each) for each in enabled if parts.is_new(_port_of(each.provider_id))))


def assembled(
    provider_id: str,
    port: ModelPort,
    settings: Settings,
    sources: Sequence[KeySource],
    note: Callable[[Note], None] | None = None,
    seat: Seat = ALONE,
) -> Provider:
    """A port with what bounds the calls to it, by its row. `note` is told when one of its breakers opens or closes.
    `seat`: which worker of several this is, each of which has its share of the places."""
    row = settings.providers[provider_id]
    timeouts = laid_over(Timeouts(**structs.asdict(settings.timeouts)), row.timeouts)
    retry = own_retry(row.retry)
    budget = settings.retry.budget, settings.retry.budget_reserve
    return Provider(
        provider_id,
        port,
        timeouts,
        KeyPool(provider_id, sources or [KeySource()]),
        Breakers(
            BreakerPolicy(**structs.asdict(settings.breaker)),
            None if note is None else lambda model, opened: note(_of_breaker(provider_id, model, opened=opened)),
        ),
        RetryBudget(BudgetPolicy(*budget)),
        _slots(provider_id, row, settings.priority.aging, seat),
        told_of_traces=row.send_traceparent,
        enter=unwatched if settings.plugins.sandbox == "off" else entered,
        leave=unwatched if settings.plugins.sandbox == "off" else left,
        by_model={model: laid_over(timeouts, own) for model, own in row.model_timeouts.items()},
        retry=retry,
        retry_by_model={model: laid_over(retry or OwnRetry(), own) for model, own in row.model_retry.items()},
    )


def _provider(
    provider_id: str,
    settings: Settings,
    plugins: Plugins,
    secrets: SecretsPort,
    ways: WaysOut,
    notebook: Notebook,
    env: Env,
    parts: Parts,
    seat: Seat,
) -> Provider:
    row = settings.providers[provider_id]
    asked = row.kind, row.kind_settings, ways.described_of(provider_id), row.status == "disabled"

    def build(ties: Ties) -> ModelPort:
        way = ways.tied(ties).of_provider(provider_id)
        with inside(provider_id):
            return plugins.models[row.kind].build(row.kind_settings, BuildContext(provider_id, way, env=env))

    def pool(ties: Ties) -> KeyPool:
        live = ties.secrets(secrets)
        return KeyPool(provider_id, [_source(provider_id, ref, live, notebook) for ref in row.keys] or [KeySource()])

    port = parts.take(_port_of(provider_id), asked, build, lambda port: port.aclose())
    made = assembled(provider_id, port, settings, [], notebook, seat)
    # What is known of those who are asked holds for as long as the same ones are asked.
    kept = f"providers.{provider_id}"
    budget = settings.retry.budget, settings.retry.budget_reserve
    slots = (row.max_parallel, row.max_queued, row.queue_timeout, row.concurrency, row.model_concurrency)
    return structs.replace(
        made,
        keys=parts.take(f"{kept}.keys", (asked, row.keys), pool),
        breakers=parts.take(f"{kept}.breakers", (asked, settings.breaker), lambda _: made.breakers),
        budget=parts.take(f"{kept}.budget", (asked, budget), lambda _: made.budget),
        slots=parts.take(f"{kept}.slots", (asked, slots, settings.priority.aging), lambda _: made.slots),
        loads=parts.take(f"{kept}.loads", asked, lambda _: made.loads),
    )


def own_retry(said: OwnRetryRow | None) -> OwnRetry | None:
    """As the core has it."""
    return None if said is None else OwnRetry(**structs.asdict(said))


def _slots(provider_id: str, row: ProviderRow, aging: float, seat: Seat) -> ProviderSlots | None:
    if row.max_parallel is None and row.concurrency is None and not row.model_concurrency:
        return None

    def policy(said: Concurrency) -> SlotsPolicy:
        found = said.adaptive
        parallel: int | AdaptivePolicy
        if found is None:
            assert said.fixed is not None  # noqa: S101  the settings say one of the two
            parallel = seat.share(said.fixed)
        else:
            start, least, most = (max(1, seat.share(each)) for each in (found.start, found.min, found.max))
            parallel = AdaptivePolicy(start, least, most, found.tolerance)
        return SlotsPolicy(parallel, seat.share(said.max_queued), said.queue_timeout, aging)

    whole, each = None, None
    if row.max_parallel is not None:
        whole = SlotsPolicy(seat.share(row.max_parallel), seat.share(row.max_queued), row.queue_timeout, aging)
    if row.concurrency is not None:
        each = policy(row.concurrency)
    return ProviderSlots(provider_id, whole, each, {model: policy(own) for model, own in row.model_concurrency.items()})


def _port_of(provider_id: str) -> str:
    return f"providers.{provider_id}.port"


def _of_breaker(provider_id: str, model: str, *, opened: bool) -> Note:
    return Note("breaker_opened" if opened else "breaker_closed", provider_id, model)


def _source(provider_id: str, ref: str, secrets: LiveSecrets, notebook: Notebook) -> KeySource:
    return KeySource(
        ref,
        lambda: secrets.fetch(ref),
        rotated=lambda: notebook(Note("client_rotation", provider_id, ref)),
        stood_in=lambda: notebook(Note("stale_key", provider_id, ref)),
    )


async def _open(provider: Provider) -> None:
    try:
        with inside(provider.provider_id):
            await provider.port.open()
    except SettingsError as error:
        raise SettingsError(f"providers.{provider.provider_id}: {error.message}") from error
