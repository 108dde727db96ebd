"""The gateway that is measured: everything on that settings offer, in front of the mock."""

import json
from pathlib import Path
from typing import Any

from talk import KEY

ENV = {"BENCH_CLIENT": KEY, "BENCH_UP_1": "upstream-key-1", "BENCH_UP_2": "upstream-key-2"}
MODEL = "route-00000"


def settings(upstream: int, providers: int = 1, routes: int = 1) -> dict[str, Any]:
    """Clients show a key; two upstream keys, bounded slots, breaker, retries, timeouts, allow-list, metrics.

    The bench asks for the route MODEL, the last of all, at the last provider.
    """
    provider = {
        "kind": "openai-compatible",
        "base_url": f"http://127.0.0.1:{upstream}/v1",
        "credential_refs": ["env:BENCH_UP_1", "env:BENCH_UP_2"],
        "private_addresses": ["127.0.0.0/8"],
        "max_parallel": 512,
        "max_queued": 64,
    }
    names = [f"mock-{number:03}" for number in reversed(range(providers))]
    targets = {f"route-{number:05}": names[-1 - number % providers] for number in reversed(range(routes))}
    return {
        "server": {"client_credential_refs": ["env:BENCH_CLIENT"]},
        "egress": {"kind": "allow-list", "allow": ["api.example.com"]},
        "metrics": {"kind": "prometheus"},
        "retry": {"max_attempts": 3},
        "providers": dict.fromkeys(names, provider),
        "routes": {name: {"targets": [f"{target}/m"]} for name, target in targets.items()},
    }


def write_settings(folder: Path, upstream: int, providers: int = 1, routes: int = 1) -> Path:
    """A settings file; JSON is YAML."""
    path = folder / f"gateway-{providers}-{routes}.yaml"
    path.write_text(json.dumps(settings(upstream, providers, routes)))
    return path
