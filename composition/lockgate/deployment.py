"""All that was opened from one set of settings, and how many calls are in it."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from lockgate.adapters.callers import Callers
from lockgate.parts import Parts
from lockgate.plugins import Plugins
from lockgate.settings.model import Settings
from lockgate_core.engine import Engine
from lockgate_core.explain import Explainer
from lockgate_core.provider import Provider
from lockgate_core.rollout import Rollouts
from lockgate_core.shadows import Shadows
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.kept import KeptAnswersPort
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.limits import LimitsPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.secrets import SecretsPort

if TYPE_CHECKING:
    from lockgate.adapters.token_callers import TokenCallers


class Deployment:
    """Whoever uses it does so within `with deployment:`, or between `enter` and `leave`, so that it is not closed in
    the midst of it."""

    def __init__(
        self,
        settings: Settings,
        plugins: Plugins,
        engine: Engine,
        explainer: Explainer,
        rollouts: Rollouts,
        providers: Mapping[str, Provider],
        metrics: MetricsPort,
        ledger: LedgerPort | None,
        answers: KeptAnswersPort | None,
        callers: Callers,
        parts: Parts,
        begin: Callable[[], None],
        egress: EgressPolicyPort,
        secrets: SecretsPort,
        shadows: Shadows | None,
        limits: LimitsPort | None,
        tokens: "TokenCallers | None",
    ) -> None:
        self.settings = settings
        self.plugins = plugins
        self.engine = engine
        self.explainer = explainer
        self.rollouts = rollouts
        self.providers = providers
        self.metrics = metrics
        self.ledger = ledger
        self.answers = answers
        self.callers = callers
        self.parts = parts
        self.egress = egress
        self.secrets = secrets
        self.shadows = shadows
        self.limits = limits
        self.tokens = tokens
        self.begin = begin
        """To be called when it serves: what it took over from the one before follows it from then on."""
        self._inside = 0
        self._over: asyncio.Event | None = None

    def enter(self) -> None:
        """A call begins."""
        self._inside += 1

    def leave(self) -> None:
        """A call has ended, its stream included."""
        self._inside -= 1
        if self._over is not None and not self._inside:
            self._over.set()

    async def drained(self) -> None:
        """Returns when no call is in it. No call may enter any more."""
        if self._inside:
            self._over = asyncio.Event()
            await self._over.wait()

    def __enter__(self) -> "Deployment":
        self.enter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()
