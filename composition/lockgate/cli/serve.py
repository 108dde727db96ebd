"""`lockgate serve`: the gateway over HTTP."""

from pathlib import Path

import click
from rich_click import RichCommand

from lockgate.cli.options import settings_options, source

_LEVELS = ["debug", "info", "warning", "error"]


@click.command("serve", cls=RichCommand)
@settings_options
@click.option("--host", metavar="ADDRESS", help="Listen on this address in place of the settings' own.")
@click.option(
    "--port", metavar="PORT", type=click.IntRange(0, 65535), help="Listen on this port; 0 takes any that is free."
)
@click.option(
    "--workers",
    metavar="NUMBER",
    type=click.IntRange(1, 1024),
    help="Serve by so many processes in place of what the settings say; one for each core is the most that is of use.",
)
@click.option("--hello", is_flag=True, help="Ask one question when ready, and show how to ask more.")
@click.option(
    "--log-level",
    type=click.Choice(_LEVELS),
    default="warning",
    show_default=True,
    metavar="LEVEL",
    help="debug, info, warning or error.",
)
@click.option("--log-json", is_flag=True, help="Log a JSON object a line.")
@click.pass_context
def command(
    ctx: click.Context,
    config: Path | None,
    environment: str | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    hello: bool,
    log_level: str,
    log_json: bool,
) -> None:
    """Serve the gateway over HTTP until SIGTERM or Ctrl-C.

    Calls in progress may end first; a second signal quits at once.

    \b
    Example:
      lockgate serve --port 9000
    """
    from lockgate.cli.logs import log_to_stderr
    from lockgate.cli.supervising import Wish, asked_for, supervise

    log_to_stderr(log_level, as_json=log_json)
    path = source(config)
    wish = asked_for(path, environment, Wish(host, port, workers))
    if wish.workers > 1:
        ctx.exit(supervise(path, environment, wish, hello=hello, log_level=log_level, log_json=log_json))
    from lockgate.cli.serving import Listening, serve
    from lockgate.seat import ALONE

    seat = None if workers is None else ALONE
    ctx.exit(serve(path, environment, Listening(host, port, hello, seat)))
