"""What the deployments of one gateway share: a part that two of them describe alike is built once, and lives on."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.secrets import SecretsPort

T = TypeVar("T")


class LiveEgress:
    """The egress policy that holds now. Its methods are the policy's own: asking it costs nothing more."""

    def __init__(self, policy: EgressPolicyPort) -> None:
        self.follow(policy)

    def follow(self, policy: EgressPolicyPort) -> None:
        """That one holds from now on."""
        self.decide = policy.decide
        self.decide_address = policy.decide_address
        self.decide_provider = policy.decide_provider


class LiveSecrets:
    """The secrets that hold now, not to be closed by whoever reads them."""

    def __init__(self, secrets: SecretsPort) -> None:
        self.follow(secrets)

    def follow(self, secrets: SecretsPort) -> None:
        """Those hold from now on."""
        self.fetch = secrets.fetch


class Ties:
    """What a part has of its deployment. When it lives on in the next one, it is tied to that one's."""

    def __init__(self) -> None:
        self._egress: list[LiveEgress] = []
        self._secrets: list[LiveSecrets] = []

    def egress(self, policy: EgressPolicyPort) -> EgressPolicyPort:
        """The policy, and later the one of the deployment that serves then."""
        self._egress.append(LiveEgress(policy))
        return self._egress[-1]

    def secrets(self, store: SecretsPort) -> LiveSecrets:
        """The secrets, and later those of the deployment that serves then."""
        self._secrets.append(LiveSecrets(store))
        return self._secrets[-1]

    def tie(self, policy: EgressPolicyPort, store: SecretsPort) -> None:
        """To another deployment."""
        for egress in self._egress:
            egress.follow(policy)
        for secrets in self._secrets:
            secrets.follow(store)


class _Part:
    """`key` says all that it was built from; `holders` counts the deployments that have it."""

    __slots__ = ("close", "holders", "key", "ties", "value")

    def __init__(self, key: object, ties: Ties, value: Any, close: Callable[[Any], Awaitable[None]] | None) -> None:
        self.key = key
        self.ties = ties
        self.value = value
        self.close = close
        self.holders = 0


class Parts:
    """Those of one deployment; `before` are those of the one that it shall follow."""

    def __init__(self, before: "Parts | None" = None) -> None:
        self._before: dict[str, _Part] = {} if before is None else before._parts
        self._parts: dict[str, _Part] = {}

    def successor(self) -> "Parts":
        """Those of a deployment that shall follow this one."""
        return Parts(self)

    def take(
        self, name: str, key: object, build: Callable[[Ties], T], close: Callable[[T], Awaitable[None]] | None = None
    ) -> T:
        """The part of that name: the last deployment's where that was built from an equal `key`, else a new one.

        `close` is called when no deployment has it any more."""
        part = self._before.get(name)
        if part is None or part.key != key:
            ties = Ties()
            part = _Part(key, ties, build(ties), close)
        part.holders += 1
        self._parts[name] = part
        return cast(T, part.value)

    def is_new(self, name: str) -> bool:
        """Was it built for this deployment?"""
        return self._before.get(name) is not self._parts[name]

    def tie(self, policy: EgressPolicyPort, store: SecretsPort) -> None:
        """This deployment serves from now on: its parts follow its policy and its secrets."""
        self._before = {}
        for part in self._parts.values():
            part.ties.tie(policy, store)

    async def aclose(self) -> None:
        """This deployment is over. Closes what no other one has, the last one built first."""
        async with AsyncExitStack() as stack:
            for part in self._parts.values():
                part.holders -= 1
                if part.holders == 0 and part.close is not None:
                    stack.push_async_callback(part.close, part.value)
