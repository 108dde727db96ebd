"""The ways out of one deployment: an HttpPort for each provider, store and exporter, under the egress policy."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cache, partial

from lockgate.adapters.env_secrets import EnvSecrets
from lockgate.adapters.file_secrets import FileSecrets
from lockgate.adapters.known_secrets import KnownSecrets
from lockgate.adapters.lean_client import LeanClient
from lockgate.adapters.secret_stores import SecretStores
from lockgate.adapters.via import Via, trusting
from lockgate.parts import Ties
from lockgate.plugins import Plugins
from lockgate.redaction import redact
from lockgate.settings import ProviderRow, Proxy, Settings
from lockgate_core.laid_over import laid_over
from lockgate_ports.egress import Allowance, EgressPolicyPort
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import Factory
from lockgate_ports.http import HttpPort, split_url
from lockgate_ports.metrics import Note
from lockgate_ports.secret import Secret


class WaysOut:
    """Makes them. The credential of a proxy is kept in `env:` or `file:`, so that no store behind it is needed."""

    def __init__(
        self, settings: Settings, egress: EgressPolicyPort, env: Mapping[str, str], note: Callable[[Note], None]
    ) -> None:
        self._settings = settings
        self._egress = egress
        self._note = note
        local = SecretStores({"env": EnvSecrets(env), "file": FileSecrets()})
        self._local = KnownSecrets(local, redact)
        self._trusting: Callable[[str], ssl.SSLContext] = cache(trusting)

    @property
    def described(self) -> object:
        """All that the ways out which no provider has are made from."""
        settings = self._settings
        return settings.http_client, settings.timeouts.connect, settings.ca_file, settings.proxy

    def described_of(self, provider_id: str) -> object:
        """All that a provider's way out is made from."""
        settings, row = self._settings, self._settings.providers[provider_id]
        return settings.http_client, connect_of(settings, row), row.ca_file or settings.ca_file, proxy_of(settings, row)

    def tied(self, ties: Ties) -> "WaysOut":
        """The same, for a part that may outlive this deployment."""
        tied = copy(self)
        tied._egress = ties.egress(self._egress)
        return tied

    async def local_secret(self, ref: str) -> Secret:
        """What `env:` or `file:` holds. Raises SettingsError."""
        return await self._local.fetch(ref)

    def of_provider(self, provider_id: str) -> HttpPort:
        """For a configured provider. Raises SettingsError for a `ca_file` that cannot be used."""
        row = self._settings.providers[provider_id]
        try:
            return self._made(provider_id, connect_of(self._settings, row), row.ca_file or self._settings.ca_file, row)
        except SettingsError as error:
            raise SettingsError(f"providers.{provider_id}.{error.message}") from error

    def of(self, name: str) -> HttpPort:
        """For anything else. Raises SettingsError for a `ca_file` that cannot be used."""
        return self._made(name, self._settings.timeouts.connect, self._settings.ca_file, None)

    def _made(self, name: str, connect_timeout: float, ca_file: str | None, row: ProviderRow | None) -> HttpPort:
        proxy = proxy_of(self._settings, row)
        via = Via(
            None if proxy is None else split_url(proxy.url)[0],
            None if proxy is None or proxy.credential_ref is None else partial(self.local_secret, proxy.credential_ref),
            None if ca_file is None else self._trusting(ca_file),
        )
        if self._settings.http_client == "lean":
            return LeanClient(name, self._egress, connect_timeout, via, self._note)
        from lockgate.adapters.aiohttp_client import AiohttpClient  # heavy

        return AiohttpClient(name, self._egress, connect_timeout, via, self._note)


def connect_of(settings: Settings, row: ProviderRow) -> float:
    """Seconds within which a connection to a provider must stand."""
    return laid_over(settings.timeouts, row.timeouts).connect


def proxy_of(settings: Settings, row: ProviderRow | None) -> Proxy | None:
    """The proxy on the way to a provider; with no row, to a store or an exporter."""
    chosen = row.proxy if row is not None else None
    if chosen == "direct":
        return None
    return chosen if isinstance(chosen, Proxy) else settings.proxy


def allowances(settings: Settings, plugins: Plugins) -> tuple[Allowance, ...]:
    """What everything that may go out declares of itself."""
    return (*_of_providers(settings, plugins), *_of_others(settings, plugins), *_of_issuers(settings))


def _of_providers(settings: Settings, plugins: Plugins) -> Iterable[Allowance]:
    for provider_id, row in settings.providers.items():
        proxy = proxy_of(settings, row)
        yield Allowance(
            provider_id=provider_id,
            origins=plugins.models[row.kind].origins(row.kind_settings),
            private_addresses=(*row.private_addresses, *(proxy.private_addresses if proxy is not None else ())),
            proxies=() if proxy is None else (split_url(proxy.url)[0],),
            region=row.data.region,
            retention=row.data.retention,
            training=row.data.training,
        )


def _of_issuers(settings: Settings) -> Iterable[Allowance]:
    proxy = settings.proxy
    for name, issuer in settings.auth.jwt.items():
        yield Allowance(
            provider_id=f"jwt-{name}",
            origins=(issuer.keys_at[0],),
            private_addresses=(
                *issuer.private_addresses,
                *(proxy.private_addresses if proxy is not None else ()),
            ),
            proxies=() if proxy is None else (split_url(proxy.url)[0],),
            calls=False,
        )


def _of_others(settings: Settings, plugins: Plugins) -> Iterable[Allowance]:
    proxy = settings.proxy
    stores = [(f"secrets-{scheme}", plugins.secrets[scheme], own) for scheme, own in settings.secrets.items()]
    metrics = settings.metrics
    steps = [(f"step-{chosen.kind}", plugins.steps[chosen.kind], chosen.settings) for chosen in settings.steps]
    traces = settings.traces
    exports = [] if traces is None else [("traces", plugins.traces[traces.kind], traces.settings)]
    ledger = settings.ledger
    ledgers = [] if ledger is None else [("ledger", plugins.ledgers[ledger.kind], ledger.settings)]
    factory: Factory[object, object]
    for name, factory, own in [
        *stores,
        ("metrics", plugins.metrics[metrics.kind], metrics.settings),
        *exports,
        *ledgers,
        *steps,
    ]:
        yield Allowance(
            provider_id=name,
            origins=factory.origins(own),
            private_addresses=(
                *factory.private_addresses(own),
                *(proxy.private_addresses if proxy is not None else ()),
            ),
            proxies=() if proxy is None else (split_url(proxy.url)[0],),
            calls=False,
        )
