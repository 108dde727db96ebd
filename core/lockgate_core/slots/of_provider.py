"""The places of one provider: of all its models together, and of each by itself."""

from collections.abc import Iterator, Mapping

from lockgate_core.clock import Clock
from lockgate_core.slots.slots import Slots, SlotsPolicy

_MOST = 1024


class ProviderSlots:
    """`whole` bounds all its calls, `each` those of any one model, `by_model` those of the models it names. Places are
    made when a model is first asked for. Clients choose names of models: beyond 1024 the oldest is forgotten that has
    no call."""

    def __init__(
        self,
        provider_id: str,
        whole: SlotsPolicy | None = None,
        each: SlotsPolicy | None = None,
        by_model: Mapping[str, SlotsPolicy] | None = None,
    ) -> None:
        self._provider_id = provider_id
        self._whole = () if whole is None else (Slots(provider_id, whole),)
        self._each = each
        self._by_model = by_model or {}
        self._alike = each is None and not by_model
        """No model has places of its own."""
        self._found: dict[str, tuple[Slots, ...]] = {}

    def at(self, model: str) -> tuple[Slots, ...]:
        """Those that a call to the model needs, in the order in which it takes them."""
        found = self._found.get(model)
        if found is not None:
            return found
        policy = self._by_model.get(model, self._each)
        if policy is None:
            return self._whole
        if len(self._found) >= _MOST:
            idle = next((known for known, (own, *_) in self._found.items() if own.idle), None)
            if idle is not None:
                del self._found[idle]
        own = Slots(f"{self._provider_id}/{model}", policy, "concurrency")
        self._found[model] = (own, *self._whole)
        return self._found[model]

    def at_hand(self, model: str) -> tuple[Slots, ...] | None:
        """A place in each, to be given back one by one; None, and nothing taken, where one would have to be waited
        for."""
        slots = self._whole if self._alike else self.at(model)
        for each in slots:
            if not each.enter():
                for had in slots[: slots.index(each)]:
                    had.give_back(None)
                return None
        return slots

    async def take(self, model: str, rank: int, seconds: float, clock: Clock) -> tuple[Slots, ...]:
        """Waits for a place in each, for `seconds` at most together; to be given back one by one. Raises Busy.

        That of the model comes first: whoever waits for it keeps nobody from other models."""
        slots = self.at(model)
        until = clock.now() + seconds
        taken = 0
        try:
            for each in slots:
                await each.take(rank, until - clock.now(), clock)
                taken += 1
        except BaseException:
            for each in slots[:taken]:
                each.give_back(None)
            raise
        return slots

    def free(self, model: str) -> bool:
        """A call to the model would wait for nothing."""
        return all(each.free for each in self.at(model))

    def room(self, model: str) -> float:
        """How much is free for the model, from 0 to 1."""
        return min((each.room for each in self.at(model)), default=1.0)

    def __iter__(self) -> Iterator[tuple[str | None, Slots]]:
        """All there are, each with its model; None for those of all models together."""
        for slots in self._whole:
            yield None, slots
        for model, (own, *_) in self._found.items():
            yield model, own
