"""Tuning that has no place in a request, whatever it is called there."""

from lockgate_ports.draft import Draft


def leave(draft: Draft, name: str) -> None:
    """Left out and named, also where `params` is `pass`. Raises Unsupported where it is `strict`."""
    if draft.admits(name):
        draft.leave_out(name)
