"""Calls that are bound to a key get the same one, as long as it is well."""

from collections import Counter

import pytest
from fakes import FakeClock, source

from lockgate_core.bond import bond_of
from lockgate_core.keys import KeyPool
from lockgate_ports.caller import Caller
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import UpstreamError
from lockgate_ports.parts import assistant, user
from lockgate_ports.wire import Request

REFS = [f"k{n}" for n in range(4)]


def request(*more, body: bytes | None = None, text: str = "hi", **fields) -> Request[ChatRequest]:
    view = ChatRequest(model="m", messages=(user(text), *more), **fields)
    return Request(operation="chat", model="m", stream=False, view=view, body=body, dialect="d")


async def key_for(pool: KeyPool, clock: FakeClock, bond: str | None) -> str:
    lease = await pool.lease("m", (), clock, bond)
    pool.succeeded(lease)
    return lease.ref


async def test_a_bond_keeps_its_key_while_others_are_spread():
    clock, pool = FakeClock(), KeyPool("up", [source(ref) for ref in REFS])
    bound = await key_for(pool, clock, "cache a")
    for _ in range(8):
        await key_for(pool, clock, None)
        assert await key_for(pool, clock, "cache a") == bound
    spread = Counter([await key_for(pool, clock, f"cache {n}") for n in range(400)])
    assert min(spread.values()) > 60


async def test_a_bond_leaves_a_key_that_is_limited_and_comes_back_to_it():
    clock, pool = FakeClock(), KeyPool("up", [source(ref) for ref in REFS])
    lease = await pool.lease("m", (), clock, "cache a")
    pool.failed(lease, UpstreamError("x", kind="rate_limit", retry_after=30.0), clock.now())
    other = await key_for(pool, clock, "cache a")
    assert other != lease.ref
    clock.pass_time(31)
    assert await key_for(pool, clock, "cache a") == lease.ref


async def test_when_a_key_goes_only_its_own_bonds_move():
    clock = FakeClock()
    many, fewer = (KeyPool("up", [source(ref) for ref in refs]) for refs in (REFS, REFS[:3]))
    for n in range(100):
        before, after = await key_for(many, clock, f"cache {n}"), await key_for(fewer, clock, f"cache {n}")
        assert before in (after, "k3")


@pytest.mark.parametrize(
    "mark", [b"encrypted_content", b"cache_control", b"thoughtSignature", b"cachedContent", b"thought_signature"]
)
def test_all_turns_of_a_conversation_have_one_bond_and_other_conversations_another(mark):
    first, second = request(body=mark), request(assistant("hello"), user("more"), body=mark)
    bond = bond_of(first, Caller())
    assert bond is not None
    assert bond_of(second, Caller()) == bond
    assert bond_of(request(body=mark, text="else"), Caller()) != bond


def test_a_cache_key_counts_before_the_words():
    one, other = (request(body=b"prompt_cache_key", text=text, prompt_cache_key="k") for text in "ab")
    assert bond_of(one, Caller()) == bond_of(other, Caller()) == "cache k"


def test_what_is_bound_to_nothing_is_not_even_read():
    def read():
        raise AssertionError("read for nothing")

    plain = Request(operation="chat", model="m", stream=False, dialect="d", body=b'{"model":"m"}', read=read)
    assert bond_of(plain, Caller()) is None


def test_plain_words_bind_nothing_even_if_they_speak_of_it():
    plain = request(body=b"what is cache_control?")
    plain.plain = True
    assert bond_of(plain, Caller()) is None
