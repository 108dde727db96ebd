"""`lockgate rollout`: how far rollouts of a running gateway are; takes the next step, or goes back."""

from urllib.parse import quote

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.operating import asked, at_url
from lockgate.cli.options import as_json as json_option


@click.group("rollout", cls=RichGroup)
def command() -> None:
    """See and move the rollouts of a running gateway.

    The key for it is read from $LOCKGATE_CLIENT_KEY.

    \b
    Example:
      lockgate rollout status
    """


@command.command("status", cls=RichCommand)
@at_url
@json_option
def status(url: str, as_json: bool) -> None:
    """How far each rollout is.

    \b
    Example:
      lockgate rollout status --json
    """
    _show(asked("GET", f"{url}/admin/rollouts"), as_json)


@command.command("promote", cls=RichCommand)
@click.argument("route")
@at_url
@json_option
def promote(route: str, url: str, as_json: bool) -> None:
    """Take the next step of ROUTE now; after the last one it is done.

    \b
    Example:
      lockgate rollout promote chat
    """
    _show([asked("POST", f"{url}/admin/rollouts/promote/{quote(route)}")], as_json)


@command.command("rollback", cls=RichCommand)
@click.argument("route")
@at_url
@json_option
def rollback(route: str, url: str, as_json: bool) -> None:
    """Send nobody to the new targets of ROUTE any more.

    \b
    Example:
      lockgate rollout rollback chat
    """
    _show([asked("POST", f"{url}/admin/rollouts/rollback/{quote(route)}")], as_json)


def _show(told: object, as_json: bool) -> None:
    import msgspec

    from lockgate.cli.terminal import print_json, print_table
    from lockgate_core.rollout import RolloutStatus

    rows = msgspec.convert(told, tuple[RolloutStatus, ...])
    if as_json:
        print_json(rows)
        return
    header = ("ROUTE", "PHASE", "SHARE", "CALLS NEW / OLD", "ERRORS NEW / OLD", "WHY")
    print_table(
        header,
        [
            (
                each.route,
                each.phase.replace("_", " "),
                f"{each.share:g} %",
                f"{each.canary.calls} / {each.baseline.calls}",
                f"{each.canary.error_rate:.1%} / {each.baseline.error_rate:.1%}",
                each.reason or "",
            )
            for each in rows
        ],
    )
