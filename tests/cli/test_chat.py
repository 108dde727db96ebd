"""`lockgate chat`, asked once: the answer to stdout, everything else to stderr."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest


def asked(upstream: Any) -> list[tuple[str, str]]:
    """Role and words of each message that the upstream was sent last."""
    return [(each["role"], each["content"]) for each in upstream.seen[-1]["body"]["messages"]]


@pytest.mark.parametrize("how", [[], ["--no-stream"]], ids=["stream", "whole"])
async def test_the_answer_goes_to_stdout_and_nothing_else_anywhere(
    settings: Path, start: Any, upstream: Any, how: list[str]
) -> None:
    assert await (await start("chat", "-m", "fast", *how, "Where", "is it?")).end() == (0, "Paris it is.\n", "")
    assert asked(upstream) == [("user", "Where is it?")]
    assert bool(upstream.seen[0]["body"].get("stream")) == (how == [])


async def test_what_is_piped_in_is_the_question(settings: Path, start: Any, upstream: Any) -> None:
    chat = await start("chat", "-m", "fast")
    assert (await chat.end("Wo ist Zürich?\n".encode()))[:2] == (0, "Paris it is.\n")
    assert asked(upstream) == [("user", "Wo ist Zürich?")]


async def test_a_dash_puts_what_is_piped_in_into_the_question(settings: Path, start: Any, upstream: Any) -> None:
    chat = await start("chat", "-m", "fast", "Describe", "this:", "-", "Be brief.")
    await chat.end(b"a diff\n")
    assert asked(upstream) == [("user", "Describe this:\n\na diff\n\nBe brief.")]


@pytest.mark.parametrize("piped", [b"", b" \n", b"\xff\xfe"])
async def test_nothing_to_ask_is_wrong_usage(settings: Path, start: Any, upstream: Any, piped: bytes) -> None:
    code, out, err = await (await start("chat", "-m", "fast")).end(piped)
    assert (code, out, upstream.seen) == (2, "", [])
    assert ("UTF-8" if piped.strip() else "nothing was piped in") in err
    assert "Traceback" not in err


async def test_options_reach_the_model(settings: Path, start: Any, upstream: Any) -> None:
    options = ("-s", "Be brief.", "-t", "0.5", "--max-tokens", "7")
    await (await start("chat", "-m", "local/tiny", *options, "hi")).end()
    body = upstream.seen[0]["body"]
    assert asked(upstream) == [("system", "Be brief."), ("user", "hi")]
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0.5, 7, "tiny")


@pytest.mark.parametrize("how", [[], ["--no-stream"]], ids=["stream", "whole"])
async def test_a_picture_in_the_answer_is_told_of(settings: Path, start: Any, upstream: Any, how: list[str]) -> None:
    upstream.images = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    code, out, err = await (await start("chat", "-m", "fast", *how, "hi")).end()
    assert (code, out) == (0, "Paris it is.\n")
    assert "the answer holds a part of the kind image, which a terminal does not show; --json prints it" in " ".join(
        err.split()
    )


async def test_json_is_the_whole_answer(settings: Path, start: Any) -> None:
    code, out, _ = await (await start("chat", "-m", "fast", "--json", "hi")).end()
    answer = json.loads(out)
    assert code == 0
    assert answer["choices"][0]["parts"][0]["text"] == "Paris it is."
    assert answer["usage"]["input_tokens"] == 9
    assert answer["choices"][0]["finish_reason"] == "stop"


async def test_usage_goes_to_stderr(settings: Path, start: Any) -> None:
    _, out, err = await (await start("chat", "-m", "smart", "--usage", "hi")).end()
    assert out == "Paris it is.\n"
    assert err.startswith("9 tokens in, 3 out; ")
    assert err.endswith("; local/tiny (1 attempt)\n")


async def test_without_a_model_the_only_route_answers(settings: Path, start: Any) -> None:
    assert (await (await start("chat", "-e", "alone", "hi")).end())[:2] == (0, "Paris it is.\n")


async def test_without_a_model_the_route_called_default_answers(settings: Path, start: Any, upstream: Any) -> None:
    settings.write_text(settings.read_text().replace("  smart:", "  default:").replace("smart: null", "fast: null"))
    assert (await (await start("chat", "hi")).end())[0] == 0


async def test_without_a_model_and_with_many_routes_these_are_named(settings: Path, start: Any) -> None:
    code, out, err = await (await start("chat", "hi")).end()
    assert (code, out) == (1, "")
    expected = "which model? Name one with --model; the routes are: fast, smart; `lockgate models` lists all names"
    assert err == f"error: {expected}\n"


async def test_a_failure_is_one_line_and_exit_code_1(settings: Path, start: Any, upstream: Any) -> None:
    upstream.status = 503
    code, out, err = await (await start("chat", "-m", "fast", "hi")).end()
    assert (code, out) == (1, "")
    assert err.startswith("error: local")
    assert len(err.splitlines()) == 1


async def test_words_arrive_as_they_come_and_ctrl_c_stops_them(settings: Path, start: Any, upstream: Any) -> None:
    chat = await start("chat", "-m", "fast", "slowly")
    async with asyncio.timeout(30):
        assert await chat.process.stdout.readexactly(5) == b"Paris"
    chat.process.send_signal(signal.SIGINT)
    code, out, err = await chat.end()
    assert (code, out) == (130, "\n")
    assert "Traceback" not in err
