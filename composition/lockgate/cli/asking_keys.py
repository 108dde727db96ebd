"""Asks for a key without showing it."""

import sys

import click

from lockgate_ports.errors import SettingsError


def ask_key(name: str) -> str:
    """From a terminal, twice and without echo; else the whole of stdin. Raises SettingsError when there is none."""
    if sys.stdin.isatty():
        value = str(click.prompt(f"Key {name}", hide_input=True, confirmation_prompt=True, err=True))
    else:
        value = sys.stdin.read()
    if not value.strip():
        raise SettingsError("no key was given, so that nothing is kept")
    return value.strip()
