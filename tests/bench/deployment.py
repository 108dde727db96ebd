"""The gateways that are measured: in front of the mock, with what settings offer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from client_keys import key_file
from msgspec import Struct
from talk import KEY

MODEL = "route-00000"
CLAUDE, GEMINI = "claude", "gemini"
"""Routes to a provider of another language."""
LABELS = "x-bench-labels"
"""The header in which clients name their tenant."""


class Size(Struct, frozen=True):
    """How much of everything a gateway has. `client_keys` are shown by clients, `virtual_keys` stand in a file besides,
    `provider_keys` are shown to each provider; `plugins` are names of distributions, None for all."""

    providers: int = 1
    routes: int = 1
    provider_keys: int = 2
    client_keys: int = 1
    virtual_keys: int = 0
    plugins: tuple[str, ...] | None = None
    ledger: Path | None = None
    traced: float | None = None
    """The part of the calls whose spans are exported."""
    workers: int = 1
    limited: bool = False
    """A limit that nobody reaches concerns each call."""

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that its settings name."""
        clients = {f"BENCH_CLIENT_{number}": f"{KEY}-{number}" for number in range(1, self.client_keys)}
        ups = {f"BENCH_UP_{number}": f"upstream-key-{number}" for number in range(self.provider_keys)}
        return {"BENCH_CLIENT_0": KEY, **clients, **ups}


ONE = Size()
ENV: Mapping[str, str] = ONE.env


def settings(upstream: int, size: Size = ONE) -> dict[str, Any]:
    """Clients show a key; several upstream keys, bounded slots, breaker, retries, timeouts, allow-list, metrics.

    The bench asks for the route MODEL, the last of all, at the last provider.
    """
    address = f"http://127.0.0.1:{upstream}"
    common = {
        "credential_refs": [f"env:BENCH_UP_{number}" for number in range(size.provider_keys)],
        "private_addresses": ["127.0.0.0/8"],
        "max_parallel": 20_000,
        "max_queued": 64,
    }
    provider = {"kind": "openai-compatible", "base_url": f"{address}/v1", **common}
    names = [f"mock-{number:03}" for number in reversed(range(size.providers))]
    targets = {f"route-{number:05}": names[-1 - number % size.providers] for number in reversed(range(size.routes))}
    providers: dict[str, Any] = dict.fromkeys(names, provider)
    if size.plugins is None:
        targets = {CLAUDE: CLAUDE, GEMINI: GEMINI, **targets}
        providers[CLAUDE] = {"kind": "anthropic", "base_url": address, **common}
        providers[GEMINI] = {"kind": "google", "base_url": f"{address}/v1beta", **common}
    made: dict[str, Any] = {
        "server": {
            "client_credential_refs": [f"env:BENCH_CLIENT_{number}" for number in range(size.client_keys)],
            "workers": size.workers,
        },
        "egress": {"kind": "allow-list", "allow": ["api.example.com"]},
        "metrics": {"kind": "prometheus"},
        "labels": {"header": LABELS},
        "retry": {"max_attempts": 3},
        "providers": providers,
        "routes": {name: {"targets": [f"{target}/m"]} for name, target in targets.items()},
    }
    if size.limited:
        made["limits"] = {"rules": [{"scope": "all", "rpm": 10**9, "parallel": 10**6}]}
    if size.plugins is not None:
        made["plugins"] = {"allow": list(size.plugins)}
    if size.ledger is not None:
        made["ledger"] = {"kind": "sqlite", "path": str(size.ledger)}
    if size.traced is not None:
        made["traces"] = {"kind": "otlp", "endpoint": address, "sample": size.traced}
    return made


def write_settings(path: Path, upstream: int, size: Size = ONE) -> Path:
    """A settings file; JSON is YAML."""
    made = settings(upstream, size)
    if size.virtual_keys:
        made["auth"] = {"keys": {"path": str(key_file(path.with_suffix(".keys"), size.virtual_keys))}}
    path.write_text(json.dumps(made))
    return path
