"""`lockgate chat`: ask a model, once or in conversation."""

import asyncio
import os
import sys
from pathlib import Path

import click
from rich_click import RichCommand

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source


@click.command("chat", cls=RichCommand)
@click.argument("prompt", nargs=-1)
@click.option("--model", "-m", metavar="MODEL", help="A route, or PROVIDER/MODEL (default: the route `default`)")
@click.option("--system", "-s", metavar="TEXT", help="What the model is told before anything else.")
@click.option(
    "--temperature",
    "-t",
    metavar="NUMBER",
    type=click.FloatRange(min=0),
    help="How much chance there is in the answer.",
)
@click.option("--max-tokens", metavar="TOKENS", type=click.IntRange(min=1), help="The most tokens the answer may have.")
@click.option("--no-stream", is_flag=True, help="Wait for the whole answer.")
@json_option
@click.option("--usage", is_flag=True, help="Tell tokens, time and who answered, on stderr.")
@settings_options
def command(
    prompt: tuple[str, ...],
    model: str | None,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    no_stream: bool,
    as_json: bool,
    usage: bool,
    config: Path | None,
    environment: str | None,
) -> None:
    """Ask a model, once or in a conversation.

    Without PROMPT, what is piped in is the question; in a terminal, a conversation begins.
    A PROMPT of `-` stands for what is piped in.

    \b
    Examples:
      lockgate chat -m openai/gpt-5.4-mini "Why is the sky blue?"
      git diff | lockgate chat "Describe this change:" -
    """
    question = _question(prompt)
    if question is None and as_json:
        raise click.UsageError("--json prints one answer: give a PROMPT, or pipe one in.")
    from lockgate.cli.asking import Wish, ask
    from lockgate.cli.conversation import converse
    from lockgate.cli.opening import opened

    wish = Wish(model, system, temperature, max_tokens, stream=not no_stream, as_json=as_json, usage=usage)

    async def run() -> None:
        async with opened(source(config), environment, quiet=True) as gateway:
            if question is None:
                await converse(gateway, wish)
            else:
                await ask(gateway, wish, question)

    asyncio.run(run())


def _question(prompt: tuple[str, ...]) -> str | None:
    """The question that is asked once; None for a conversation."""
    if prompt and "-" not in prompt:
        return _text(os.fsencode(" ".join(prompt)))
    if sys.stdin.isatty() and not prompt:
        if sys.stdout.isatty():
            return None
        raise click.UsageError("Give a PROMPT: a conversation needs a terminal to print to.")
    piped = _text(sys.stdin.buffer.read()).strip()
    if not piped:
        raise click.UsageError("Give a PROMPT: nothing was piped in.")
    if not prompt:
        return piped
    place = prompt.index("-")
    before, after = (_text(os.fsencode(" ".join(words))) for words in (prompt[:place], prompt[place + 1 :]))
    return "\n\n".join(piece for piece in (before, piped, after) if piece)


def _text(question: bytes) -> str:
    try:
        return question.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"The question is not UTF-8 (byte {error.start} of what was given).") from None
