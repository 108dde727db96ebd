"""`lockgate explain`: what would be done with a request, and why."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich_click import RichCommand

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source
from lockgate_ports.errors import SettingsError

if TYPE_CHECKING:
    from lockgate_core.explain import Explanation


@click.command("explain", cls=RichCommand)
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@settings_options
@click.option("--model", "-m", metavar="NAME", help="The model to ask for, in place of a FILE.")
@click.option("--prompt", metavar="TEXT", default="hello", help="What to ask it, with --model.")
@click.option("--dialect", metavar="NAME", default="openai-chat", help="The language of FILE.", show_default=True)
@click.option("--tenant", metavar="NAME", help="On whose behalf.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: Path | None,
    config: Path | None,
    environment: str | None,
    model: str | None,
    prompt: str,
    dialect: str,
    tenant: str | None,
    as_json: bool,
) -> None:
    """Tell what would be done with a request, and why.

    FILE holds it as a client would send it; `-` stands for stdin. Nothing is opened or sent: the moment is a calm one.
    `POST /admin/explain` tells it for the moment of a running gateway. Exits with 1 when the request would be refused.

    \b
    Example:
      lockgate explain --model default
    """
    import msgspec

    from lockgate.cli.terminal import print_json
    from lockgate.loading import load
    from lockgate.rehearsal import rehearsed
    from lockgate.surfaces.admin import read_as
    from lockgate_ports.caller import Caller

    if (file is None) == (model is None):
        raise click.UsageError("Give a FILE with a request, or --model.")
    settings, plugins = load(source(config), environment=environment, env=os.environ)
    if file is not None:
        body = _read(file)
    else:
        body = msgspec.json.encode({"model": model, "messages": [{"role": "user", "content": prompt}]})
        dialect = "openai-chat"
    request = read_as(dialect, body, plugins.dialects)
    told = rehearsed(settings, plugins, os.environ).explain(request, Caller(tenant=tenant))
    if as_json:
        print_json(told)
    else:
        _print(told)
    ctx.exit(1 if told.error else 0)


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None


def _print(told: "Explanation") -> None:
    from lockgate.cli.terminal import console, print_table

    out = console()
    if told.error is not None:
        out.print(f"{told.model} would be refused ({told.code}): {told.error}", style="red", soft_wrap=True)
        return
    out.print(f"{told.model} goes by the route {told.route}", soft_wrap=True)
    rows: list[tuple[str, ...]] = []
    for place, each in enumerate(told.targets, 1):
        times, price = each.timeouts, each.price
        most = "?" if price is None or price.most is None else f"{price.most:.6f}"
        rows.append(
            (
                f"{place}. {each.target}",
                ", ".join(each.keys) or "none",
                f"{times.attempt:g} s, first token {times.first_token:g} s",
                str(each.max_attempts),
                "not known" if price is None else f"{price.least:.6f} to {most}",
            )
        )
    print_table(("TARGET", "KEY", "TIMEOUTS", "ATTEMPTS", "US DOLLARS AN ATTEMPT"), rows)
    for each in told.targets:
        for name, where in each.said_by.items():
            if where != "default" and name != "stream":
                what, _, field = name.partition(".")
                value = getattr(getattr(each, what), field)
                out.print(f"{each.target}: {name} is {value:g}, by {where}", soft_wrap=True)
        for slots in each.slots:
            found = "adaptive, now " if slots.adaptive else ""
            out.print(f"{slots.of} runs {found}{slots.limit} calls at a time, {slots.max_queued} wait", soft_wrap=True)
    if told.stream is not None and (where := told.targets[0].said_by.get("stream", "default")) != "default":
        out.print(f"a stream that fails: {told.stream.after_commit}, by {where}", soft_wrap=True)
    for kind, targets in told.otherwise.items():
        out.print(f"after {kind}: {', then '.join(targets) or 'nobody'}", soft_wrap=True)
    if told.arm is not None:
        out.print(f"arm of the rollout: {told.arm}", soft_wrap=True)
    if told.shadow:
        out.print(f"copies go to: {', '.join(told.shadow)}", soft_wrap=True)
    for dropped in told.dropped:
        out.print(f"not asked: {dropped.target} {dropped.reason}", style="yellow", soft_wrap=True)
