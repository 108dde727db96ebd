"""Which targets of a call the egress policy lets it go to, before any of them is tried."""

from collections.abc import Callable, Sequence

from lockgate_ports.context import Target
from lockgate_ports.egress import Decision, EgressPolicyPort
from lockgate_ports.errors import EgressDenied
from lockgate_ports.http import Purpose
from lockgate_ports.metrics import Note


class Eligibility:
    """The policy, asked about targets. `note` is told of each that it refuses, or would refuse."""

    def __init__(self, policy: EgressPolicyPort, note: Callable[[Note], None]) -> None:
        self._policy = policy
        self._note = note

    def of(self, targets: Sequence[Target], purpose: Purpose) -> tuple[list[Target], EgressDenied | None]:
        """The targets that may be asked, in their order, and the first refusal among the others."""
        refusal: EgressDenied | None = None
        kept: list[Target] = []
        for target in targets:
            decision = self._policy.decide_provider(target.provider_id, purpose)
            if decision.allowed:
                kept.append(target)
            elif refusal is None:
                refusal = denied(target.provider_id, decision)
            if decision.shadow or not decision.allowed:
                self._note(
                    Note("egress_would_deny" if decision.shadow else "egress_denied", target.provider_id, decision.rule)
                )
        return kept, refusal


def objections(policy: EgressPolicyPort) -> Callable[[Target, Purpose], str | None]:
    """What the policy objects to a target, for whoever only wants to know: nothing is noted."""

    def objection(target: Target, purpose: Purpose) -> str | None:
        decision = policy.decide_provider(target.provider_id, purpose)
        return None if decision.allowed else f"is forbidden by the egress policy ({decision.rule})"

    return objection


def denied(provider_id: str, decision: Decision) -> EgressDenied:
    """What a caller is told."""
    message = f"{provider_id}: the egress policy forbids this call ({decision.rule})"
    return EgressDenied(message, rule=decision.rule, provider_id=provider_id)
