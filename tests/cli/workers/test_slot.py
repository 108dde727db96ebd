"""The place of a worker: how long the next one waits, and that one is told to end once."""

import asyncio
from typing import Any

import pytest

from lockgate.cli.workers.slot import Slot


class Port:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Process:
    returncode = None

    def __init__(self) -> None:
        self.told = 0

    def terminate(self) -> None:
        self.told += 1


@pytest.fixture
async def slot() -> Slot:
    port: Any = Port()
    return Slot(0, port, lambda slot: lambda what: b"")


async def test_the_first_that_dies_is_followed_at_once_and_the_next_ones_ever_later(slot: Slot) -> None:
    slot._began = asyncio.get_running_loop().time()
    queue: Any = Port()
    slot._sockets = (queue,)
    assert [slot.wait() for _ in range(4)] == [0.0, 0.5, 1.0, 2.0]
    assert queue.closed == 0, "connections wait for the next one"
    assert [slot.wait() for _ in range(5)] == [4.0, 8.0, 16.0, 30.0, 30.0]
    assert queue.closed == 1, "connections go to the others"
    slot._began -= 60
    assert (slot.wait(), slot.failures) == (0.0, 1)


async def test_a_worker_is_told_to_end_once(slot: Slot) -> None:
    process: Any = Process()
    slot._process = process
    slot.end()
    slot.end()
    assert process.told == 1, "the second time it would quit in the midst of calls"
