"""A rollout: callers move to new targets step by step, and back by themselves when these do worse. Pure."""

from collections.abc import Callable, Mapping
from hashlib import blake2b

from lockgate_core.rollout.values import (
    NOWHERE,
    Arm,
    Move,
    Outcome,
    Phase,
    RolloutPlace,
    RolloutPolicy,
    RolloutStatus,
    Tally,
)
from lockgate_ports.ledger import Audit, AuditEvent


class Rollout:
    """One. It moves when outcomes are told, and by command; `audit` is told of each move that was made here, and
    `place` keeps where it is.

    `decide` is told where it should go, and sees to it that `take` is called, here and wherever else the same rollout
    is; None: it goes there itself.
    """

    def __init__(
        self,
        route: str,
        policy: RolloutPolicy,
        now: float,
        audit: Audit,
        place: RolloutPlace = NOWHERE,
        *,
        terms: str = "",
        origin: int = 0,
        decide: Callable[[Move], None] | None = None,
    ) -> None:
        self._decide = decide
        self._terms = terms
        self._origin = origin
        self._moves = 0
        self._proposed = -1
        self.last: Move | None = None
        """The last one that was made."""
        self._route = route
        self._audit = audit
        self._policy = policy
        self._since = now
        self._step = 0
        """-1: nobody."""
        self._known = Tally()
        """The baseline of the steps before: at 100 % there is no other."""
        self._canary = Tally()
        self._baseline = Tally()
        self._phase: Phase = "running"
        self._reason: str | None = None
        self._place = place
        if (kept := place.kept) is not None:
            was, ago = kept
            self._step, self._phase, self._reason, self._known = was.step, was.phase, was.reason, was.known
            self._since = now - ago

    @property
    def share(self) -> float:
        """Which share of callers goes to the canary, from 0 to 1."""
        return self._policy.steps[self._step] / 100.0 if self._step >= 0 else 0.0

    def observe(self, arm: Arm, outcome: Outcome, now: float) -> None:
        """What became of a call; may abort, or take the next step."""
        (self._canary if arm == "canary" else self._baseline).add(outcome)
        if self._phase != "running" or arm != "canary" or self._canary.calls < self._policy.min_calls:
            return
        reason = self._worse()
        if reason is not None:
            self._propose(self._to(self._step - 1, "aborted", "gateway", reason), now)
        elif now >= self._since + self._policy.hold:
            self._propose(self.promotion("gateway"), now)

    def promotion(self, actor: str) -> Move:
        """To the next step; after the last one it is done."""
        last = len(self._policy.steps) - 1
        return self._to(last, "done", actor) if self._step == last else self._to(self._step + 1, "running", actor)

    def retreat(self, actor: str) -> Move:
        """Nobody goes to the canary any more."""
        return self._to(-1, "rolled_back", actor)

    def take(self, move: Move, now: float) -> None:
        """Makes a move, unless another one was made from the same place before."""
        if move.terms != self._terms or move.before < self._moves:
            return
        before, canary = self.share, self._canary
        self._moves, self.last = move.before + 1, move
        if self._baseline.calls >= self._policy.min_calls:
            self._known = self._baseline
        self._step, self._phase, self._since, self._reason = move.step, move.phase, now, move.reason
        self._canary, self._baseline = Tally(), Tally()
        self._place.keep(move.step, move.phase, self._known, move.reason)
        if move.origin == self._origin:
            details = {
                "phase": move.phase,
                "share": f"{self.share * 100:g} %",
                "before": f"{before * 100:g} %",
                "seen": f"{canary.calls} calls, {canary.errors} errors",
            }
            if move.reason is not None:
                details["reason"] = move.reason
            self._audit(AuditEvent(kind="rollout_changed", actor=move.actor, subject=self._route, details=details))

    @property
    def status(self) -> RolloutStatus:
        """How far it is."""
        return RolloutStatus(
            route=self._route,
            phase=self._phase,
            step=self._step,
            share=self.share * 100.0,
            canary=self._canary,
            baseline=self._baseline,
            reason=self._reason,
        )

    def _to(self, step: int, phase: Phase, actor: str, reason: str | None = None) -> Move:
        return Move(
            route=self._route,
            terms=self._terms,
            before=self._moves,
            step=step,
            phase=phase,
            actor=actor,
            origin=self._origin,
            reason=reason,
        )

    def _propose(self, move: Move, now: float) -> None:
        if self._decide is None:
            self.take(move, now)
        elif self._proposed < move.before:
            self._proposed = move.before
            self._decide(move)

    def _worse(self) -> str | None:
        canary, policy = self._canary, self._policy
        baseline = self._baseline if self._baseline.calls >= policy.min_calls else self._known
        if canary.error_rate > baseline.error_rate + policy.max_error_rate:
            return f"{canary.error_rate:.1%} errors, the baseline has {baseline.error_rate:.1%}"
        if canary.empty_rate > baseline.empty_rate + policy.max_empty_rate:
            return f"{canary.empty_rate:.1%} empty answers, the baseline has {baseline.empty_rate:.1%}"
        if canary.latency is None or baseline.latency is None:
            return None
        if canary.latency > baseline.latency * policy.max_latency:
            return f"{canary.latency:.3g} s on average, the baseline takes {baseline.latency:.3g} s"
        return None


class Rollouts:
    """Those of all routes that have one."""

    def __init__(self, by_route: Mapping[str, Rollout]) -> None:
        self._by_route = by_route

    def share(self, route: str) -> float:
        """From 0 to 1; 0 where there is no rollout."""
        found = self._by_route.get(route)
        return 0.0 if found is None else found.share

    def observe(self, route: str, arm: Arm, outcome: Outcome, now: float) -> None:
        """What became of a call by the route."""
        self._by_route[route].observe(arm, outcome, now)

    def of(self, route: str) -> Rollout | None:
        """That of the route."""
        return self._by_route.get(route)

    @property
    def last_moves(self) -> tuple[Move, ...]:
        """The last one of each that has moved."""
        return tuple(each.last for each in self._by_route.values() if each.last is not None)

    @property
    def status(self) -> tuple[RolloutStatus, ...]:
        """How far each is."""
        return tuple(each.status for each in self._by_route.values())


def is_in(route: str, caller: str, share: float) -> bool:
    """Is the caller among the `share`? The same callers stay in as it grows."""
    digest = blake2b(f"{route}\0{caller}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2.0**64
