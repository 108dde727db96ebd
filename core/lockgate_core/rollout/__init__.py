"""Callers move to new targets step by step, and back by themselves when these do worse."""

from lockgate_core.rollout.rollout import Rollout, Rollouts, is_in
from lockgate_core.rollout.values import (
    NOWHERE,
    Arm,
    Move,
    Outcome,
    Phase,
    RolloutPlace,
    RolloutPolicy,
    RolloutStatus,
    Standing,
    Tally,
    added,
)

__all__ = [
    "NOWHERE",
    "Arm",
    "Move",
    "Outcome",
    "Phase",
    "Rollout",
    "RolloutPlace",
    "RolloutPolicy",
    "RolloutStatus",
    "Rollouts",
    "Standing",
    "Tally",
    "added",
    "is_in",
]
