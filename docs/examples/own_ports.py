"""Hand a gateway the keys, the egress policy and the metrics of the service that it lives in."""

import asyncio
import sys
from collections.abc import Mapping

from lockgate import ChatRequest, EgressDenied, SettingsError, open_gateway, user
from lockgate_ports.egress import Decision, EgressRequest
from lockgate_ports.http import Purpose
from lockgate_ports.metrics import Note
from lockgate_ports.records import CallRecord
from lockgate_ports.secret import Secret


class Vault:
    """A SecretsPort: the service's own store of keys."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    async def fetch(self, ref: str) -> Secret:
        key = self._keys.get(ref.removeprefix("env:"))
        if key is None:
            raise SettingsError(f"{ref}: the vault has no such key")
        return Secret(key, ref)

    async def aclose(self) -> None:
        """Nothing is open."""


class OneHost:
    """An EgressPolicyPort: one host, and nothing else."""

    def __init__(self, host: str) -> None:
        self._host = host

    def decide_provider(self, provider_id: str, purpose: Purpose) -> Decision:
        # Asked before a provider is tried. Here every call may go to it.
        return Decision(True, "any call")

    def decide(self, request: EgressRequest) -> Decision:
        return Decision(request.origin.host == self._host, f"only {self._host} may be asked")

    def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
        # Asked for each socket. This policy trusts its one host, wherever its name leads.
        return Decision(host == self._host, f"only {self._host} may be asked")


class Tally:
    """A MetricsPort: `record` must not block and must not raise."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    def record(self, call: CallRecord) -> None:
        self.calls.append(call)

    def note(self, note: Note) -> None:
        """What happens beside calls: a key that changed, a refusal of the egress policy."""

    def exposition(self) -> bytes:
        return b""  # what /metrics would show

    async def aclose(self) -> None:
        """Nothing is open."""


async def main(settings: str, host: str, *models: str) -> None:
    tally = Tally()
    vault = Vault({"UP_KEY": "the-key-from-the-vault"})
    async with open_gateway(settings, secrets=vault, egress=OneHost(host), metrics=tally) as gateway:
        for model in models:
            try:
                answer = await gateway.chat(ChatRequest(model=model, messages=(user("Hello!"),)))
                print(answer.text)
            except EgressDenied as error:
                print(error)
    for call in tally.calls:
        print(call.request_model, call.provider_id, call.error, call.usage)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
