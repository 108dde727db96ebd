"""`lockgate doctor`: is this deployment well?"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich_click import RichCommand

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source

if TYPE_CHECKING:
    from lockgate.findings import Report

_WORDS = {True: "ok", False: "FAULT", None: "-"}


@click.command("doctor", cls=RichCommand)
@settings_options
@click.option(
    "--url", metavar="URL", help="Ask the gateway that runs there; without it one is opened from the settings."
)
@click.option("--call", is_flag=True, help="Make one real, tiny call to each provider.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, config: Path | None, environment: str | None, url: str | None, call: bool, as_json: bool
) -> None:
    """Look at everything that must work before calls do.

    Keys are fetched, providers are asked for their models, each route is resolved, each chain of fallbacks is tried
    with its targets made to fail (in this process: nobody is asked), and stores are read. With --url the running
    gateway looks at itself; the key for it is read from $LOCKGATE_CLIENT_KEY. Exits with 1 when something is at fault.

    \b
    Example:
      lockgate doctor --call
    """
    from lockgate.cli.terminal import print_json

    report = _asked(url, call) if url is not None else asyncio.run(_opened(source(config), environment, call, as_json))
    if as_json:
        print_json(report)
    else:
        _print(report)
    ctx.exit(0 if report.ok else 1)


def _asked(url: str, call: bool) -> "Report":
    import msgspec

    from lockgate.cli.operating import asked
    from lockgate.cli.terminal import console
    from lockgate.findings import Report

    with console(stderr=True).status(f"the gateway at {url} looks at itself ..."):
        told = asked("POST", f"{url}/admin/doctor?call={str(call).lower()}")
    return msgspec.convert(told, Report)


async def _opened(path: Path | None, environment: str | None, call: bool, quiet: bool) -> "Report":
    from lockgate.cli.opening import opened
    from lockgate.cli.terminal import console

    async with opened(path, environment, quiet=quiet) as gateway:
        with console(stderr=True).status("looking") as status:
            return await gateway.examine(call=call, tell=lambda what: status.update(f"looking at {what} ..."))


def _print(report: "Report") -> None:
    from lockgate.cli.terminal import console, counted, print_table

    rows = [
        (
            _WORDS[each.ok],
            each.area,
            each.name,
            each.detail,
            "" if each.seconds is None else f"{each.seconds:.2f} s",
        )
        for each in report.findings
    ]
    print_table(("", "WHAT", "NAME", "SEEN", "TOOK"), rows)
    faults = sum(1 for each in report.findings if each.ok is False)
    untried = sum(1 for each in report.findings if each.ok is None)
    said = "all is well" if report.ok else counted(faults, "fault")
    more = f"; {untried} not tried" if untried else ""
    console(stderr=True).print(said + more, style="green" if report.ok else "red", soft_wrap=True)
