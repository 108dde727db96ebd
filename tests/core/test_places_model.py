"""Places and their line against a plain model: everybody who asked, in a list, and who is next by looking at all."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lockgate_core.slots import Full, Places

AGING, QUEUE = 10.0, 3


class Changing:
    limit = 2


class Call:
    def __init__(self, number: int, rank: int, at: float) -> None:
        self.number, self.rank, self.at = number, rank, at
        self.told: list[bool] = []
        self.ticket = None

    @property
    def order(self) -> tuple[float, int]:
        return self.at - self.rank * AGING, self.number


class PlacesModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.limit = Changing()
        self.places = Places(self.limit, QUEUE, AGING)
        self.now = 0.0
        self.number = 0
        self.running: list[Call] = []
        self.waiting: list[Call] = []

    @rule(rank=st.integers(0, 2))
    def ask(self, rank):
        self.number += 1
        call = Call(self.number, rank, self.now)
        if self.places.enter():
            assert not self.waiting, "nobody may pass those who wait"
            self.running.append(call)
            return
        try:
            call.ticket = self.places.join(rank, self.now, call.told.append)
        except Full:
            assert len(self.waiting) == QUEUE
            assert all(each.order < call.order for each in self.waiting), "only the last one is turned away"
            return
        self.waiting.append(call)
        if len(self.waiting) > QUEUE:
            last = max(self.waiting, key=lambda each: each.order)
            assert last.told == [False], "the last one of the line lost its turn"
            self.waiting.remove(last)

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 9), held=st.none() | st.floats(0, 100))
    def end(self, which, held):
        self.running.pop(which % len(self.running))
        self.places.give_back(held)
        self.expect()

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 9))
    def leave(self, which):
        call = self.waiting.pop(which % len(self.waiting))
        assert self.places.leave(call.ticket)
        assert not self.places.leave(call.ticket), "once"

    @rule(limit=st.integers(1, 4))
    def change(self, limit):
        self.limit.limit = limit
        self.places.admit()
        self.expect()

    @rule(seconds=st.floats(0.1, 30))
    def pass_time(self, seconds):
        self.now += seconds

    def expect(self):
        while self.waiting and len(self.running) < self.limit.limit:
            call = min(self.waiting, key=lambda each: each.order)
            assert call.told == [True], "whose turn it is has a place at once"
            longest = min(each.at for each in self.waiting)
            assert call.at - longest <= 2 * AGING, "nobody is passed by who came much later"
            self.waiting.remove(call)
            self.running.append(call)

    @invariant()
    def counts(self):
        assert self.places.running == len(self.running)
        assert self.places.waiting == len(self.waiting) <= QUEUE
        assert not any(each.told for each in self.waiting), "nobody else was told anything"
        assert self.places.free == (len(self.running) < self.limit.limit and not self.waiting)
        assert self.places.wait > 0


PlacesModel.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestPlaces = PlacesModel.TestCase
