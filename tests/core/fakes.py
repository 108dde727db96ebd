"""A clock moved by hand and providers that do what they are told, for the engine's tests."""

from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any

from lockgate.adapters.mersenne import Mersenne
from lockgate_core.attempts import Attempts
from lockgate_core.breaker import BreakerPolicy, Breakers
from lockgate_core.budget import BudgetPolicy, RetryBudget
from lockgate_core.eligibility import Eligibility
from lockgate_core.engine import Engine
from lockgate_core.held_key import KeySource
from lockgate_core.keys import KeyPool
from lockgate_core.live_vitals import LiveVitals
from lockgate_core.provider import Provider, Timeouts
from lockgate_core.retry import RetryPolicy
from lockgate_core.rollout import Rollout, Rollouts
from lockgate_core.routing import CALM, Candidate, Registered, Route, Routes
from lockgate_core.slots import ProviderSlots, SlotsPolicy
from lockgate_core.terms import Terms, TermsBook
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.context import Target
from lockgate_ports.egress import Decision, EgressRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import Event, Finish, Start, TextDelta, UsageReport
from lockgate_ports.http import Headers, Purpose
from lockgate_ports.metrics import CallRecord, Note
from lockgate_ports.model import Attempt
from lockgate_ports.parts import Text, user
from lockgate_ports.replies import reply_of
from lockgate_ports.secret import Secret
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

USAGE = Usage(input_tokens=3, output_tokens=2)
ANSWER = ChatResponse(choices=(Choice(parts=(Text("hello"),), finish_reason="stop"),), model="m-1", usage=USAGE)


def limits(attempt: float = 300, first_token: float = 120, idle: float = 60, total: float = 900) -> Timeouts:
    return Timeouts(attempt, first_token, idle, total)


class FakeClock:
    """Time passes only by `sleep` and `pass_time`. A timeout block that took longer ends in TimeoutError."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def pass_time(self, seconds: float) -> None:
        self.time += seconds

    def timeout(self, seconds: float) -> "_Timeout":
        return _Timeout(self, seconds)


class _Timeout:
    def __init__(self, clock: FakeClock, seconds: float) -> None:
        self._clock = clock
        self.due = clock.time + seconds

    def until(self, due: float) -> None:
        self.due = due

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None, /):
        if self._clock.time > self.due:
            self._clock.time = self.due
            raise TimeoutError


Act = ChatResponse | LockgateError | Callable[[], Any]


class FakeStream:
    dropped: tuple[str, ...] = ()
    request_id = None
    headers: Headers = ()

    def __init__(self, batches: Sequence[Sequence[Event] | LockgateError | Callable[[], Any]]) -> None:
        self._batches = batches
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        for batch in self._batches:
            if isinstance(batch, LockgateError):
                raise batch
            yield batch() if callable(batch) else batch

    async def aclose(self) -> None:
        self.closed = True


class FakeModel:
    """Does the acts in order; the last one again and again."""

    models = ()

    def __init__(self, *acts: Any) -> None:
        self._acts = list(acts)
        self.attempts: list[Attempt] = []
        self.requests: list[Request[Any]] = []
        self.streams: list[FakeStream] = []

    async def open(self) -> None: ...

    async def chat(self, request: Request[ChatRequest], attempt: Attempt):
        return reply_of(self._act(attempt))

    async def count_tokens(self, request: Request[ChatRequest], attempt: Attempt):
        return self._act(attempt)

    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> FakeStream:
        self.requests.append(request)
        stream = FakeStream(self._act(attempt))
        self.streams.append(stream)
        return stream

    async def probe(self, attempt: Attempt) -> None: ...

    async def aclose(self) -> None: ...

    def _act(self, attempt: Attempt) -> Any:
        self.attempts.append(attempt)
        act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
        if isinstance(act, LockgateError):
            raise act
        return act() if callable(act) else act


class Anywhere:
    """An egress policy that allows everything."""

    def decide_provider(self, provider_id: str, purpose: Purpose) -> Decision:
        return Decision(True, "anywhere")

    def decide(self, request: EgressRequest) -> Decision:
        return Decision(True, "anywhere")

    def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
        return Decision(True, "anywhere")


class FakeMetrics:
    def __init__(self) -> None:
        self.calls: list[CallRecord] = []

    def record(self, call: CallRecord) -> None:
        self.calls.append(call)

    def note(self, note: Note) -> None: ...

    def exposition(self) -> bytes:
        return b""

    async def aclose(self) -> None: ...


def source(ref: str) -> KeySource:
    """A key whose value is its reference."""

    async def fetch() -> Secret:
        return Secret(ref, ref)

    return KeySource(ref, fetch)


def provider(
    name: str,
    model: FakeModel,
    timeouts: Timeouts | None = None,
    *,
    sources: Sequence[KeySource] = (KeySource(),),
    breaker: BreakerPolicy | None = None,
    budget: BudgetPolicy | None = None,
    slots: SlotsPolicy | None = None,
    each: SlotsPolicy | None = None,
) -> Provider:
    return Provider(
        name,
        model,
        timeouts or limits(),
        KeyPool(name, sources),
        Breakers(breaker or BreakerPolicy()),
        RetryBudget(budget or BudgetPolicy()),
        None if slots is None and each is None else ProviderSlots(name, slots, each),
    )


class Bench:
    """An engine over fake providers; route `r` goes through all of them in order. Where it has a `rollout`, that leads
    to the `canary`, by users, and the others stand in."""

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        steps=(),
        egress: Any = None,
        providers: dict[str, Provider] | None = None,
        by_class: dict[str, tuple[str, ...]] | None = None,
        terms: dict[str, Terms] | None = None,
        clock: Any = None,
        canary: str | None = None,
        rollout: Rollout | None = None,
        **models: FakeModel,
    ):
        self.clock = clock or FakeClock()
        self.metrics = FakeMetrics()
        self.notes: list[Note] = []
        self.models = models

        providers = {name: provider(name, model, timeouts) for name, model in models.items()} | (providers or {})
        self.providers = providers
        rollouts = Rollouts({} if rollout is None else {"r": rollout})
        vitals = CALM if rollout is None else LiveVitals(providers, self.clock, Mersenne(), rollouts)
        old = tuple(Candidate(Target(name, "m")) for name in providers if name != canary)
        new = () if canary is None else (Candidate(Target(canary, "m")),)
        route = Route("r", old, by_class=by_class or {}, canary=new, sticky="user")
        routes = Routes(dict.fromkeys(providers, Registered()), {"r": route})
        eligibility = Eligibility(egress or Anywhere(), self.notes.append)
        attempts = Attempts(providers, eligibility, policy or RetryPolicy(), self.clock, lambda: 0.5, TermsBook(terms))
        self.engine = Engine(routes, vitals, rollouts, steps, attempts, self.metrics, self.clock)

    async def ask(self, model: str = "r", stream: bool = False, **options: Any) -> Any:
        view = ChatRequest(model=model, messages=(user("hi"),), stream=stream)
        request = Request(operation="chat", model=model, stream=stream, view=view)
        return await self.engine.answer(request, request_id="req_1", **options)


def streamed(*words: str, finish: bool = True, usage: bool = True) -> list[Sequence[Event]]:
    batches: list[Sequence[Event]] = [[Start("id-1", "m-1")], *([TextDelta(word)] for word in words)]
    if finish:
        batches.append([Finish("stop")])
    if usage:
        batches.append([UsageReport(USAGE)])
    return batches


async def read(stream: Any) -> str:
    return "".join([event.text async for batch in stream for event in batch if isinstance(event, TextDelta)])
