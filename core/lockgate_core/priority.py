"""Whose call goes first where calls wait: what a client may ask for, and what it has when it asks for nothing. Pure."""

from collections.abc import Mapping
from typing import Final, get_args

from msgspec import Struct

from lockgate_ports.caller import Caller, Priority
from lockgate_ports.errors import Forbidden, InvalidRequest

HEADER = "x-lockgate-priority"
PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)
"""From the last to the first."""
NAMED: Mapping[str, Priority] = {priority: priority for priority in PRIORITIES}
RANKS: Final = {priority: rank for rank, priority in enumerate(PRIORITIES)}


class PriorityPolicy(Struct, frozen=True):
    """`default` is what a call has for which nobody says anything; `most` the highest that a caller may have whose key
    says nothing of it."""

    default: Priority = "normal"
    most: Priority = "normal"

    def of(self, asked: str | None, profile: Priority | None, caller: Caller) -> Priority:
        """That of a call: what the client `asked` for, else what its profile says, else what its key does.

        What a key allows bounds all of it: choosing a profile is the client's doing too. Raises InvalidRequest for what
        is no priority, Forbidden for one above what the caller may have."""
        most = caller.priority or self.most
        if asked is None:
            said = profile or caller.priority or self.default
            return said if RANKS[said] <= RANKS[most] else most
        known = NAMED.get(asked)
        if known is None:
            message = f"there is no priority {asked[:40]!r}; there are: {', '.join(PRIORITIES)}"
            raise InvalidRequest(message, param=HEADER)
        if RANKS[known] > RANKS[most]:
            message = f"this caller may not ask for the priority {known!r}; the highest it may have is {most!r}"
            raise Forbidden(message, param=HEADER)
        return known


USUAL = PriorityPolicy()
"""Nobody has said anything else."""
