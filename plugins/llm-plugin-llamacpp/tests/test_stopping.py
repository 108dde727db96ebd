"""Calls that are cancelled, wait, or meet a closing engine; and loading. Each test has an engine of its own."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from llamacpp_asking import SMOLLM2, asked, built, opened, streamed

from llm_plugin_llamacpp.engine import Engine
from lockgate_ports.errors import Busy, SettingsError, UpstreamError
from lockgate_ports.model import ModelPort

LONG = {"words": "Write a very long story.", "max_tokens": 3000}
READ = {"words": "word " * 3500, "max_tokens": 1}

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads and sockets in /proc")


async def cpu_over(seconds: float) -> float:
    """Processor seconds that this process takes while nothing is asked of it."""
    before = sum(os.times()[:2])
    await asyncio.sleep(seconds)
    return sum(os.times()[:2]) - before


async def idle(model: ModelPort, *, within: float) -> float:
    """Seconds until the single slot is free again, shown by an answer; the engine must then be at rest."""
    started = time.perf_counter()
    await asyncio.wait_for(model.chat(asked(max_tokens=1), SMOLLM2), within)
    took = time.perf_counter() - started
    assert await cpu_over(0.4) < 0.1
    return took


@pytest.mark.parametrize("kind", [LONG, READ], ids=["while it writes", "while it reads the prompt"])
async def test_a_cancelled_plain_call_stops_generating(kind: dict[str, object]) -> None:
    model = await opened(slots=1)
    call = asyncio.create_task(model.chat(asked(**kind), SMOLLM2))  # type: ignore[arg-type]
    await asyncio.sleep(0.5)
    call.cancel()
    started = time.perf_counter()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.perf_counter() - started < 0.1
    await idle(model, within=8)
    await model.aclose()


async def test_a_closed_stream_stops_generating() -> None:
    model = await opened(slots=1)
    stream = await model.stream(asked(**LONG, stream=True), SMOLLM2)  # type: ignore[arg-type]
    events = aiter(stream)
    for _ in range(5):
        await anext(events)
    await stream.aclose()
    await stream.aclose()
    assert await idle(model, within=8) < 3
    await model.aclose()


async def test_a_stream_that_is_cancelled_while_it_opens_or_is_read_stops() -> None:
    model = await opened(slots=1)
    for wait in (0, 0.4):
        call = asyncio.create_task(streamed(model, asked(**LONG, stream=True)))  # type: ignore[arg-type]
        await asyncio.sleep(wait)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await idle(model, within=8) < 3
    await model.aclose()


async def test_calls_wait_in_line_and_the_next_is_told_to_come_back() -> None:
    model = await opened(slots=1, queue=1)
    stream = await model.stream(asked(**LONG, stream=True), SMOLLM2)  # type: ignore[arg-type]
    waiting = asyncio.create_task(model.chat(asked(max_tokens=2), SMOLLM2))
    await asyncio.sleep(0.05)
    with pytest.raises(Busy, match=r"1 slots.*1 calls wait") as refused:
        await model.chat(asked(), SMOLLM2)
    assert refused.value.status == 429
    assert refused.value.retry_after
    await stream.aclose()
    assert (await waiting).view.text
    await model.aclose()


async def test_a_cancelled_wait_leaves_the_line() -> None:
    model = await opened(slots=1, queue=1)
    stream = await model.stream(asked(**LONG, stream=True), SMOLLM2)  # type: ignore[arg-type]
    for _ in range(3):
        waiting = asyncio.create_task(model.chat(asked(), SMOLLM2))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await stream.aclose()
    assert (await model.chat(asked(max_tokens=1), SMOLLM2)).view.text
    await model.aclose()


async def test_closing_ends_calls_in_flight_and_in_line_by_an_error() -> None:
    model = await opened(slots=1)
    flying = asyncio.create_task(streamed(model, asked(**LONG, stream=True)))  # type: ignore[arg-type]
    await asyncio.sleep(0.3)
    waiting = asyncio.create_task(model.chat(asked(), SMOLLM2))
    await asyncio.sleep(0.05)
    started = time.perf_counter()
    await asyncio.wait_for(model.aclose(), 5)
    assert time.perf_counter() - started < 1
    for call in (flying, waiting):
        with pytest.raises(UpstreamError) as failed:
            await asyncio.wait_for(call, 1)
        assert failed.value.kind == "transient"
    with pytest.raises(UpstreamError, match="not loaded"):
        await model.chat(asked(), SMOLLM2)
    await model.aclose()


@needs_proc
async def test_closing_ends_the_engines_threads() -> None:
    def threads() -> int:
        return len(os.listdir("/proc/self/task"))

    await (await opened()).aclose()
    before = threads()
    model = await opened()
    assert threads() > before
    await model.chat(asked(max_tokens=1), SMOLLM2)
    await model.aclose()
    assert threads() <= before + 1


_AT_ONCE = """
import os
from llm_plugin_llamacpp.engine import load
from llm_plugin_llamacpp.settings import LlamaCppSettings
from llm_plugin_llamacpp.weights import KNOWN, installed_file

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
for _ in range(3):
    load(installed_file(KNOWN["smollm2"]), "m", LlamaCppSettings(threads=1, slots=1, context_tokens=256)).close()
print("closed")
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a way to take all processors but one away")
def test_an_engine_that_is_closed_as_soon_as_it_is_open_does_not_hang() -> None:
    # The library's thread hung, with the GIL, when it was told to end before it had begun; with one processor it had
    # not begun almost always.
    done = subprocess.run([sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "closed\n", done.stderr


async def test_a_second_engine_works_on_when_the_first_is_closed() -> None:
    first, second = await opened(), await opened()
    stream = await second.stream(asked(**LONG, stream=True), SMOLLM2)  # type: ignore[arg-type]
    events = aiter(stream)
    await anext(events)
    await first.aclose()
    seen = 0
    while seen < 20:
        seen += len(await anext(events))
    await stream.aclose()
    await second.aclose()


@needs_proc
async def test_nobody_can_connect_to_the_engine() -> None:
    def sockets() -> set[str]:
        names = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
        return {os.readlink(name) for name in names if os.path.lexists(name)}

    def listening() -> set[str]:
        rows = (
            Path("/proc/self/net/tcp").read_text().splitlines() + Path("/proc/self/net/tcp6").read_text().splitlines()
        )
        return {f"socket:[{row.split()[9]}]" for row in rows if row.split()[3] == "0A"}

    model = await opened()
    assert not listening() & sockets()
    held = [row.split() for row in Path("/proc/self/net/unix").read_text().splitlines()[1:]]
    paths = [row[7] for row in held if len(row) > 7 and f"socket:[{row[6]}]" in sockets()]
    assert not [path for path in paths if "lockgate" in path and Path(path).exists()]
    await model.aclose()


async def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    for content in (b"", b"<html>", b"GGUF\x03"):
        path.write_bytes(content)
        model = built(model_path=str(path))
        with pytest.raises(SettingsError, match=r"broken\.gguf.*again"):
            await model.open()
        await model.aclose()


async def test_a_model_file_that_was_cut_short_is_named(tmp_path: Path) -> None:
    from llm_plugin_llamacpp.weights import KNOWN, installed_file

    whole = installed_file(KNOWN["smollm2"])
    assert whole is not None
    path = tmp_path / "short.gguf"
    with whole.open("rb") as file:
        path.write_bytes(file.read(5_000_000))
    model = built(model_path=str(path))
    with pytest.raises(SettingsError, match=r"short\.gguf.*damaged"):
        await model.open()
    await model.aclose()


async def test_a_missing_file_is_named_when_the_model_opens(tmp_path: Path) -> None:
    model = built(model_path=str(tmp_path / "none.gguf"))
    with pytest.raises(SettingsError, match=r"none\.gguf"):
        await model.open()
    await model.aclose()


async def test_a_file_is_called_by_its_name_or_by_the_one_it_was_given() -> None:
    assert built(model_path="/x/Qwen3-4B.gguf").models[0].id == "Qwen3-4B"
    assert built(model_path="/x/Qwen3-4B.gguf", model="qwen").models[0].id == "qwen"


async def test_the_context_is_never_more_than_the_model_was_trained_for() -> None:
    model = await opened(context_tokens=100_000, slots=1)
    assert model.models[0].context_tokens == 8192
    await model.aclose()


def test_a_closed_engine_says_so() -> None:
    engine = Engine(None)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="closed"):
        engine.answer(b"{}", lambda _: False)
