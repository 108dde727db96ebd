"""Where a client's scene plays, and what every client is told in it."""

import base64
import json
import time
import urllib.request
from typing import Any

SYSTEM = "Be brief."
HELLO = "Say hello, wörld."
WEATHER = "How warm is it in Oslo?"
CITY = "Tell me of Oslo."
PICTURE = "What is this?"
TOLD = "4 degrees"
"""What the tool says."""
RED_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
"""A picture of one pixel."""
PICTURE_DATA = base64.b64encode(RED_DOT).decode()
PICTURE_URL = f"data:image/png;base64,{PICTURE_DATA}"

SAID = "Hello, wörld!"
SAID_OF_OSLO = "It is 4 degrees in Oslo."
SAID_OF_BOTH = "Oslo 4, Rome 4."
OSLO = {"name": "Oslo", "people": 709000}
DOT = "A red dot."
SPENT = (11, 5)
"""Tokens in and out."""

TEXTS = ["one", "zwei"]
VECTORS = [[0.25, -0.5], [1.0, 0.0]]
"""What they are as vectors."""
COUNT = 42
"""How many tokens the greeting is said to be, by upstreams that count."""

WEATHER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
CITY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["name", "people"],
    "additionalProperties": False,
}


class At:
    """The gateway's address, the key it wants, and the upstream that a scene is played at."""

    def __init__(self, url: str, key: str, upstream_url: str, language: str) -> None:
        self.url = url
        self.key = key
        self._upstream_url = upstream_url
        self.language = language

    def model(self, scene: str) -> str:
        return f"{scene}-{self.language}"

    def wait_until_left(self) -> None:
        """The upstream has noticed that nobody listens any more."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with urllib.request.urlopen(f"{self._upstream_url}/open") as answer:
                if json.load(answer) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the upstream still has a caller")


def vectors(place: At, found: Any, refused: type[BaseException]) -> None:
    """`found` gives the vectors; Anthropic makes none, and that is said."""
    if place.language == "anthropic":
        raises(refused, found)
    else:
        same([list(each) for each in found()], VECTORS)


def counts(place: At, found: int) -> None:
    """The upstream's own count; that of one which does not count is estimated."""
    assert found == COUNT if place.language != "openai" else 3 <= found <= 60, found


def same(found: Any, expected: Any) -> None:
    assert found == expected, f"{found!r} is not {expected!r}"


def raises(kind: type[BaseException], act: Any) -> Any:
    """The exception of this kind that `act` raises."""
    try:
        act()
    except kind as caught:
        return caught
    raise AssertionError(f"no {kind.__name__} was raised")
