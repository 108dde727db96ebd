"""Copies of calls: which calls get one, that they touch nobody's answer, and how they compare."""

import asyncio
from decimal import Decimal

import pytest
from fakes import ANSWER, USAGE, Anywhere, FakeClock, FakeMetrics, FakeModel, provider, read, streamed

from lockgate_core.attempts import Attempts
from lockgate_core.eligibility import Eligibility
from lockgate_core.engine import Engine
from lockgate_core.retry import RetryPolicy
from lockgate_core.rollout import Rollouts
from lockgate_core.routing import CALM, Candidate, Registered, Route, Routes, Shadow, plan
from lockgate_core.shadow_report import Impression, Side, differences
from lockgate_core.shadows import Shadows
from lockgate_core.slots import SlotsPolicy
from lockgate_ports.caller import Caller
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice, NativeTool
from lockgate_ports.context import Target
from lockgate_ports.egress import Decision
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.metrics import Note
from lockgate_ports.parts import Text, ToolCall, user
from lockgate_ports.wire import Request

REAL, COPY = Target("a", "m"), Target("s", "m")
NO = UpstreamError("no", kind="fatal")


class Rolled:
    """The calm moment, with dice."""

    def __init__(self, *rolls: float) -> None:
        self._rolls = list(rolls)

    def roll(self) -> float:
        return self._rolls.pop(0)

    def __getattr__(self, name: str):
        return getattr(CALM, name)


class Stage:
    """An engine whose route `r` asks `a`, with `s` as its shadow."""

    def __init__(self, real: FakeModel, shadow: FakeModel, *, most: int = 8, egress=None, slots=None) -> None:
        self.clock, self.metrics, self.notes = FakeClock(), FakeMetrics(), list[Note]()
        providers = {"a": provider("a", real), "s": provider("s", shadow, slots=slots)}
        self.providers = providers
        route = Route("r", (Candidate(REAL),), shadow=Shadow((Candidate(COPY),), 1.0))
        routes = Routes(dict.fromkeys(providers, Registered()), {"r": route})
        eligibility = Eligibility(egress or Anywhere(), self.notes.append)
        once = Attempts(providers, eligibility, RetryPolicy(1), self.clock, lambda: 0.5)
        attempts = Attempts(providers, eligibility, RetryPolicy(), self.clock, lambda: 0.5)
        self.ranks: list[int] = []

        async def copied(request, context):
            self.ranks.append(context.rank)
            return await once.answer(request, context)

        self.shadows = Shadows(copied, providers, self.clock, self.notes.append, {"r": most})
        self.engine = Engine(
            routes, CALM, Rollouts({}), (), attempts, self.metrics, self.clock, shadows=self.shadows
        )  # fmt: skip

    async def ask(self, stream: bool = False):
        view = ChatRequest(model="r", messages=(user("hi"),), stream=stream)
        request = Request(operation="chat", model="r", stream=stream, view=view)
        return await self.engine.answer(request, request_id="req_1", caller=Caller(tenant="acme"))

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    def calls(self, surface: str):
        return [call for call in self.metrics.calls if call.surface == surface]


def asked(**said) -> Request[ChatRequest]:
    view = ChatRequest(model="r", **{"messages": (user("hi"),), **said})
    return Request(operation="chat", model="r", stream=False, view=view)


def shadowed(request: Request[ChatRequest], roll: float = 0.0, card: ModelCard | None = None, **more):
    shadow = Shadow((Candidate(COPY, card=card),), 0.5, **more)
    routes = Routes({}, {"r": Route("r", (Candidate(REAL),), shadow=shadow)})
    return plan(request, routes, Rolled(roll)).shadow


def test_a_share_of_the_calls_is_copied():
    assert shadowed(asked(), 0.49) == (COPY,)
    assert shadowed(asked(), 0.5) == ()


def test_a_call_that_does_more_than_answer_is_copied_only_where_that_is_allowed():
    searching = asked(tools=(NativeTool("openai-responses", "web_search", b"{}"),))
    for request in (searching, asked(store=True)):
        assert shadowed(request) == ()
        assert shadowed(request, allow_side_effects=True) == (COPY,)
    assert shadowed(Request(operation="images", model="r", stream=False, body=b"{}")) == ()


def test_a_shadow_that_cannot_do_it_gets_no_copy():
    long = asked(messages=(user("x" * 100),))
    assert shadowed(long, card=ModelCard(id="m", context_tokens=10)) == ()
    assert shadowed(asked(), card=ModelCard(id="m", context_tokens=10)) == (COPY,)


async def test_the_copy_is_written_down_by_itself_and_costs_nobody():
    stage = Stage(FakeModel(ANSWER), FakeModel(ANSWER))
    answer = await stage.ask()
    await stage.settle()
    assert answer.served.target == REAL
    (real,), (copy,) = stage.calls("embedded"), stage.calls("shadow")
    assert [each.provider_id for each in real.attempts] == ["a"]
    assert (copy.provider_id, copy.caller.tenant, copy.usage, copy.route) == ("s", None, USAGE, "r")
    assert real.caller.tenant == "acme"
    (report,) = stage.shadows.reports
    assert (report.compared, report.same, report.copies.output_tokens) == (1, 1, 2)
    assert stage.notes == [Note("shadow_compared", "s", "r: same")]
    assert stage.ranks == [0], "it goes before nobody's call"


async def test_a_copy_that_fails_is_tried_once_and_touches_nobody():
    failing = FakeModel(UpstreamError("no", kind="transient"))
    stage = Stage(FakeModel(ANSWER), failing)
    assert (await stage.ask()).served.target == REAL
    await stage.settle()
    assert len(failing.attempts) == 1
    assert stage.shadows.reports[0].differ == {"status": 1}
    assert [call.error for call in stage.calls("embedded")] == [None]


async def test_a_fault_of_ours_in_a_copy_is_written_down():
    def broken():
        raise ZeroDivisionError

    stage = Stage(FakeModel(ANSWER), FakeModel(broken))
    await stage.ask()
    await stage.settle()
    assert [call.error for call in stage.calls("shadow")] == [LockgateError.code]


async def test_a_call_that_fails_is_compared_as_well():
    stage = Stage(FakeModel(NO), FakeModel(ANSWER))
    with pytest.raises(UpstreamError):
        await stage.ask()
    await stage.settle()
    assert stage.shadows.reports[0].differ == {"status": 1}


class Slow(FakeModel):
    """Answers when it is told to."""

    def __init__(self) -> None:
        super().__init__(ANSWER)
        self.go = asyncio.Event()
        self.begun = 0

    async def chat(self, request, attempt):
        self.begun += 1
        await self.go.wait()
        return await super().chat(request, attempt)


async def test_the_call_waits_for_no_copy_and_copies_are_bounded():
    slow = Slow()
    stage = Stage(FakeModel(ANSWER), slow, most=2)
    for _ in range(5):
        await stage.ask()
        await stage.settle()
    assert (slow.begun, stage.shadows.reports[0].skipped) == (2, 3)
    slow.go.set()
    await stage.settle()
    assert stage.shadows.reports[0].compared == 2


async def test_a_copy_takes_no_place_for_which_a_call_would_wait():
    slow = Slow()
    stage = Stage(FakeModel(ANSWER), slow, slots=SlotsPolicy(1, 5))
    for _ in range(3):
        await stage.ask()
        await stage.settle()
    assert (slow.begun, stage.shadows.reports[0].skipped) == (1, 2)


async def test_copies_under_way_are_cancelled_at_the_end():
    stage = Stage(FakeModel(ANSWER), Slow())
    await stage.ask()
    await stage.settle()
    await stage.shadows.aclose()
    assert [call.error for call in stage.calls("shadow")] == ["cancelled"]
    assert stage.providers["s"].loads.of("m").in_flight == 0


async def test_streams_are_compared_when_they_have_ended():
    stage = Stage(FakeModel(lambda: streamed("hel", "lo")), FakeModel(lambda: streamed("good day")))
    stream = await stage.ask(stream=True)
    await stage.settle()
    assert not stage.shadows.reports[0].compared
    assert await read(stream) == "hello"
    await stage.settle()
    (report,) = stage.shadows.reports
    assert (report.same, report.calls.characters, report.copies.characters) == (1, 5, 8)


async def test_a_stream_that_its_client_leaves_is_compared_with_nothing():
    slow = Slow()
    stage = Stage(FakeModel(lambda: streamed("hel", "lo")), FakeModel(lambda: streamed("good day")))
    stream = await stage.ask(stream=True)
    await stream.aclose()
    await stage.settle()
    assert not stage.shadows.reports[0].compared
    assert not slow.begun


class NotThere(Anywhere):
    def decide_provider(self, provider_id, purpose):
        assert purpose.tenant == "acme"
        return Decision(provider_id != "s", "keep-out")


async def test_the_egress_policy_decides_over_a_copy_for_the_same_caller():
    shadow = FakeModel(ANSWER)
    stage = Stage(FakeModel(ANSWER), shadow, egress=NotThere())
    await stage.ask()
    await stage.settle()
    assert not shadow.attempts
    assert Note("egress_denied", "s", "keep-out") in stage.notes


def side(finish=None, tools=None, error=None) -> Side:
    impression = Impression()
    impression.finish, impression.tools = finish, tools
    return Side(error, 1.0, None, Decimal(1), impression)


def test_what_is_not_known_of_one_side_does_not_differ():
    assert differences(side("stop"), side(None)) == ()
    assert differences(side("stop", []), side("tool_calls", ["f"])) == ("finish_reason", "tool_calls")
    assert differences(side("stop", None), side("tool_calls", ["f"])) == ("finish_reason",)
    assert differences(side("stop", ["g", "f"]), side("stop", ["f", "g"])) == ()
    assert differences(side("stop"), side(error="timeout")) == ("status",)


async def test_tool_calls_are_compared_by_name():
    def calling(name: str) -> ChatResponse:
        return ChatResponse(choices=(Choice(parts=(Text("x"), ToolCall("1", name, "{}")), finish_reason="tool_calls"),))

    stage = Stage(FakeModel(calling("f")), FakeModel(calling("g")))
    await stage.ask()
    await stage.settle()
    assert stage.shadows.reports[0].differ == {"tool_calls": 1}
