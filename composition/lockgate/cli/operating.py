"""Asks a running gateway at its pages for operators."""

import os

import click

from lockgate_ports.errors import SettingsError

at_url = click.option(
    "--url", metavar="URL", default="http://127.0.0.1:8080", show_default=True, help="Where the gateway listens."
)
"""`--url`, as the argument `url`."""

_KEY = "LOCKGATE_CLIENT_KEY"


class NoGateway(SettingsError):
    """Nobody answers there."""


def asked(method: str, url: str) -> object:
    """What it answers. Raises SettingsError with what it says when it refuses, NoGateway when it is not there."""
    import asyncio

    import aiohttp

    headers = {"content-type": "application/json"}
    if key := os.environ.get(_KEY):
        headers["authorization"] = f"Bearer {key}"

    async def ask() -> object:
        async with aiohttp.ClientSession(headers=headers) as session, session.request(method, url) as response:
            told = await response.json()
            if response.status != 200:
                raise SettingsError(f"{url}: {told['error']['message']} ({response.status})")
            return told

    try:
        return asyncio.run(ask())
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NoGateway(f"no gateway answers at {url} ({type(error).__name__}); name it with --url") from None
