"""KeptAnswersPort in this process's memory: the oldest go when there is no more room."""

from collections.abc import Callable

from lockgate_ports.kept import KeptAnswer


class MemoryAnswers:
    """At most `max_bytes` of prompts and answers, none older than `max_age` seconds by `wall`, the time of day."""

    def __init__(self, max_bytes: int, max_age: float, wall: Callable[[], float]) -> None:
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._wall = wall
        self._held: dict[tuple[str, str], KeptAnswer] = {}
        self._bytes = 0

    async def keep(self, answer: KeptAnswer) -> None:
        """Keep it; one that is larger than all the room there is is not kept."""
        self._drop((answer.caller, answer.id))
        if _size(answer) > self._max_bytes:
            return
        self._held[answer.caller, answer.id] = answer
        self._bytes += _size(answer)
        while self._bytes > self._max_bytes or self._old(next(iter(self._held.values()))):
            self._drop(next(iter(self._held)))

    async def find(self, caller: str, answer_id: str) -> KeptAnswer | None:
        """The caller's own, or None."""
        found = self._held.get((caller, answer_id))
        return None if found is None or self._old(found) else found

    async def forget(self, caller: str, answer_id: str) -> bool:
        """Whether there was one."""
        return self._drop((caller, answer_id))

    async def aclose(self) -> None:
        """Forgets all."""
        self._held.clear()
        self._bytes = 0

    def _drop(self, key: tuple[str, str]) -> bool:
        gone = self._held.pop(key, None)
        if gone is not None:
            self._bytes -= _size(gone)
        return gone is not None

    def _old(self, answer: KeptAnswer) -> bool:
        return answer.created + self._max_age < self._wall()


def _size(answer: KeptAnswer) -> int:
    return len(answer.given) + len(answer.body)
