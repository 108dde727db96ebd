"""Where a server listens, in words."""

import errno

from lockgate_ports.errors import SettingsError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def url(host: str, port: int) -> str:
    """Of what listens there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def reachable(host: str) -> str:
    """Where a server that listens on `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing is bound here


def cannot_listen(error: OSError, host: str, port: int) -> SettingsError:
    """Why, and what to do."""
    where = f"{host}:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            why = "the port is taken by another program; choose another with --port"
        case errno.EACCES:
            why = "this user may not take that port; choose one from 1024 on with --port"
        case _:
            why = f"{error.strerror or 'no such address'}; choose another with --host"
    return SettingsError(f"cannot listen on {where}: {why}")


def ready(where: str, what: str) -> str:
    """The line that says that it serves."""
    return f"lockgate is ready on {where} ({what})"


def stopping_words(drain: float) -> str:
    """The line that says that it ends."""
    return f"stopping: calls in progress have {drain:g} s to end; a second signal quits at once"


def open_to_all(host: str, port: int) -> str:
    """The warning where no key is asked for."""
    return f"whoever reaches {host}:{port} may spend your keys, as auth.open says"
