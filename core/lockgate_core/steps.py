"""The policy chain, folded once when a gateway opens and called plainly afterwards."""

from collections.abc import Sequence

from lockgate_ports.steps import Handler, Step


def fold(steps: Sequence[Step], innermost: Handler) -> Handler:
    """One handler that runs `steps` in order, the first outermost."""
    handler = innermost
    for step in reversed(steps):
        handler = step.wrap(handler)
    return handler
