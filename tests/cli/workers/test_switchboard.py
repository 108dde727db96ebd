"""What the supervisor does for its workers: reloads of all or none, pages of those that answer, totals of the dead."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from lockgate.cli.workers import switchboard
from lockgate.cli.workers.channel import Gone
from lockgate.cli.workers.messages import (
    Count,
    Drop,
    Gather,
    Gathered,
    Last,
    Leaving,
    Prepare,
    Prepared,
    Ready,
    Show,
    TakeOver,
    What,
)
from lockgate.cli.workers.slot import Slot
from lockgate.cli.workers.switchboard import Switchboard
from lockgate_ports.errors import LockgateError, SettingsError
from lockgate_ports.limits import Claim, Grant, Limit

OLD, NEW = {"a.yaml": "old"}, {"a.yaml": "new"}
READY = Ready(files=OLD, watch=True, drain=1.0, what="", open=False)


class Worker:
    """A slot and its channel in one; `refuses` is raised where it is asked to prepare."""

    def __init__(self, number: int, refuses: LockgateError | None = None) -> None:
        self.number = number
        self.channel = self
        self.ready = True
        self.text = b""
        self.counts = b"# TYPE c counter\nc 1\n"
        self.silent = False
        self.refuses = refuses
        self.heard: list[What] = []

    async def ask(self, what: What, kind: type[Any]) -> Any:
        self.heard.append(what)
        if self.silent:
            await asyncio.Event().wait()
        if isinstance(what, Prepare):
            if self.refuses is not None:
                raise self.refuses
            return Prepared(what.files or NEW, watch=False)
        return self.counts if isinstance(what, Show) else True

    def close_sockets(self) -> None:
        self.heard.append(Leaving())

    @property
    def words(self) -> list[str]:
        return [type(each).__name__ for each in self.heard]


async def board(*workers: Worker) -> Switchboard:
    made = Switchboard()
    made.slots = cast(list[Slot], list(workers))
    for slot in made.slots:
        await made.joined(slot, READY, made.files)
    return made


async def test_new_settings_are_opened_by_one_first_and_by_all_before_any_lets_them_serve():
    workers = [Worker(number) for number in range(3)]
    made = await board(*workers)
    told = await made.reload("file")
    assert (told.ok, told.actor, made.files, made.watch) == (True, "file", NEW, False)
    assert [each.words for each in workers] == [["Prepare", "TakeOver"]] * 3
    assert [cast(Prepare, each.heard[0]).files for each in workers] == [None, NEW, NEW]
    assert [cast(TakeOver, each.heard[1]).first for each in workers] == [True, False, False]


@pytest.mark.parametrize("where", [0, 1, 2])
async def test_a_fault_in_any_worker_leaves_all_where_they_were(where: int):
    workers = [Worker(number) for number in range(3)]
    made = await board(*workers)
    workers[where].refuses = SettingsError("no such key")
    with pytest.raises(SettingsError, match="no such key"):
        await made.reload("admin")
    assert (made.files, made.watch) == (OLD, True)
    assert all("TakeOver" not in each.words for each in workers)
    assert [cast(Drop, each.heard[-1]).told.error for each in workers] == ["no such key"] * 3


async def test_a_worker_that_dies_while_others_open_new_settings_hinders_nobody():
    workers = [Worker(0), Worker(1, Gone("gone"))]
    made = await board(*workers)
    assert (await made.reload("admin")).ok
    first = [Worker(0, Gone("gone")), Worker(1)]
    made = await board(*first)
    with pytest.raises(SettingsError, match="gone"):
        await made.reload("admin")
    assert first[1].words == ["Drop"]


async def test_a_worker_that_opened_what_no_longer_serves_is_given_what_does_before_it_counts():
    made = await board(Worker(0))
    late = Worker(1)
    late.ready = False
    began_with = made.files
    await made.reload("admin")
    made.slots.append(cast(Slot, late))
    await made.joined(cast(Slot, late), READY, began_with)
    assert late.heard[0] == Prepare(NEW)
    assert isinstance(late.heard[1], TakeOver)
    assert late.ready


async def gathered(made: Switchboard, page: Any) -> Gathered:
    serve: Callable[[What], Any] = made.serve(made.slots[0])
    return msgspec.msgpack.decode(await serve(Gather(page)), type=Gathered)


CALL = Count((Claim(Limit("all", "in_flight", 1, None), 1),))


def refused(answer: Any) -> object:
    return msgspec.msgpack.decode(answer, type=Grant).refused


async def test_totals_never_fall_whoever_is_silent_or_dies(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(switchboard, "_PATIENCE", 0.05)
    workers = [Worker(0), Worker(1)]
    made = await board(*workers)
    assert [part.body for part in (await gathered(made, "metrics")).parts] == [workers[0].counts] * 2
    workers[1].silent = True
    assert [part.number for part in (await gathered(made, "health")).parts] == [0]
    assert [part.number for part in (await gathered(made, "metrics")).parts] == [0, 1]

    one = made.serve(made.slots[1])
    assert one(Leaving()) == b""
    assert not workers[1].ready
    assert one(Last(b"# TYPE c counter\nc 5\n# TYPE g gauge\ng 7\n")) == b""
    assert refused(one(CALL)) is None
    assert refused(one(CALL)) is not None
    made.bury(made.slots[1])
    assert refused(one(CALL)) is None, "what it held is given back"
    after = await gathered(made, "metrics")
    assert after.kept == b"# TYPE c counter\nc 5.0\n# TYPE g gauge\n"
    assert [part.body for part in after.parts] == [workers[0].counts, b""]
    assert after.of == 2
