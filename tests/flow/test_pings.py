"""A stream whose model thinks for long is kept alive, and is otherwise left as it is."""

import asyncio

from gateway import serving, settings
from upstream import CLOSE, DONE, SSE_HEAD, event, upstream

from lockgate.surfaces.bounds import Bounds

ASK = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
QUICK = Bounds(2**20, 15, 15, ping_interval=0.1)


async def test_silence_is_filled_with_pings_between_events_and_only_there():
    async with upstream() as up, serving(settings(up.url), bounds=QUICK) as gw:
        up.say([SSE_HEAD, event({"content": "a"}), 0.5, event({"content": "b"}), event({}, "stop"), DONE, CLOSE])
        told = await gw.ask(ASK)
        blocks = told.body.split(b"\n\n")
        assert blocks.count(b": ping") >= 2
        assert blocks[0].startswith(b"data: ")
        assert blocks[-4].startswith(b"data: ")
        assert (
            told.body.replace(b": ping\n\n", b"")
            == event({"content": "a"}) + event({"content": "b"}) + event({}, "stop") + DONE
        )


async def test_no_ping_comes_before_the_status_is_settled():
    async with upstream() as up, serving(settings(up.url), bounds=QUICK) as gw:
        up.say([SSE_HEAD, 0.4, CLOSE])
        told = await gw.ask(ASK)
        assert told.status == 502


async def test_the_timer_ends_with_the_last_stream():
    async with upstream() as up, serving(settings(up.url), bounds=QUICK) as gw:
        up.say([SSE_HEAD, event({"content": "a"}), event({}, "stop"), DONE, CLOSE])
        await gw.ask(ASK)
        await asyncio.sleep(0.05)
        assert not [task for task in asyncio.all_tasks() if "_tick" in repr(task.get_coro())]
