"""What the clients ask in each scene, what must reach the upstream, and what it answers; no wire language yet."""

from collections.abc import Callable
from typing import Any

from at import COUNT, HELLO, RED_DOT, TEXTS, VECTORS
from msgspec import Struct


class Call(Struct):
    """A tool call."""

    name: str
    arguments: dict[str, Any]
    id: str = ""
    signature: str = ""


class Asked(Struct, kw_only=True):
    """A request, whatever language it came in. `results` are (id or name of the call, text)."""

    model: str
    stream: bool
    system: str = ""
    texts: list[str] = []
    images: list[bytes] = []
    tools: dict[str, Any] = {}
    forced: bool = False
    schema: dict[str, Any] | None = None
    calls: list[Call] = []
    results: list[tuple[str, str]] = []


class Answer(Struct):
    """What the upstream says. `endless`: it stops in the middle and waits for its caller to go."""

    words: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    endless: bool = False

    @property
    def text(self) -> str:
        return "".join(self.words)


class Refusal(Struct):
    """An error answer."""

    status: int


def must(holds: bool, what: str, seen: Any) -> None:
    """The upstream's own test of what it was sent."""
    if not holds:
        raise AssertionError(f"the upstream was not sent {what}, but {seen!r}"[:600])


def plain(asked: Asked) -> Answer:
    must("Be brief." in asked.system, "the system text", asked.system)
    must(asked.texts[-1:] == ["Say hello, wörld."], "the question", asked.texts)
    return Answer(("Hello", ", ", "wörld!"))


def tools(asked: Asked) -> Answer:
    _weather(asked)
    if not asked.calls:
        return Answer(calls=(Call("weather", {"city": "Oslo"}),))
    _round(asked, ["Oslo"])
    return Answer(("It is 4 degrees ", "in Oslo."))


def parallel(asked: Asked) -> Answer:
    _weather(asked)
    if not asked.calls:
        return Answer(calls=(Call("weather", {"city": "Oslo"}), Call("weather", {"city": "Rome"})))
    _round(asked, ["Oslo", "Rome"])
    return Answer(("Oslo 4, ", "Rome 4."))


def structured(asked: Asked) -> Answer:
    """Asked for by a schema, or by a tool that must be called."""
    if asked.schema is not None:
        must({"name", "people"} <= asked.schema["properties"].keys(), "the schema", asked.schema)
        return Answer(('{"name":"Oslo",', '"people":709000}'))
    must(asked.forced and len(asked.tools) == 1, "a schema, or one tool to be called", asked.tools)
    name, schema = next(iter(asked.tools.items()))
    must({"name", "people"} <= schema["properties"].keys(), "the schema", schema)
    return Answer(calls=(Call(name, {"name": "Oslo", "people": 709000}),))


def vision(asked: Asked) -> Answer:
    must(asked.images == [RED_DOT], "the picture", asked.images)
    return Answer(("A red dot.",))


def _weather(asked: Asked) -> None:
    must(list(asked.tools) == ["weather"], "the tool", asked.tools)
    city = asked.tools["weather"]["properties"]["city"]
    must(city["type"] in ("string", "STRING"), "the tool's schema", city)


def _round(asked: Asked, cities: list[str]) -> None:
    """The calls came back as they were given, each with its result."""
    must([call.arguments for call in asked.calls] == [{"city": city} for city in cities], "the calls", asked.calls)
    must([at for at, _ in asked.results] == [call.id for call in asked.calls], "a result for each call", asked.results)
    for _, text in asked.results:
        must("4 degrees" in text, "what the tool said", text)
    signed = [call.signature for call in asked.calls]
    must(signed[0] in ("", SIGNATURE), "the call's signature", signed)


COMMAND = "echo lockgate-$((40 + 2))"
"""What an agent is told to run, and SHOWN what that prints."""
SHOWN = "lockgate-42"
FINISHED = "The shell printed lockgate-42."
SHELLS: dict[str, dict[str, Any]] = {
    "Bash": {"command": COMMAND, "description": "Print a line"},
    "exec_command": {"cmd": COMMAND},
    "shell_command": {"command": COMMAND},
    "shell": {"command": ["bash", "-lc", COMMAND]},
}
"""An agent's tool for its shell, by its name, and what it takes."""


def agent(asked: Asked) -> Answer:
    """A session of a command-line agent: one call of its shell. Agents also ask small things without tools."""
    shell = next((name for name in SHELLS if name in asked.tools), None)
    if shell is None:
        return Answer(("A ", "title"))
    if not asked.calls:
        return Answer(("I will ", "look."), calls=(Call(shell, SHELLS[shell]),))
    must(any(SHOWN in text for _, text in asked.results), "what the shell printed", asked.results)
    return Answer(("The shell printed ", f"{SHOWN}."))


PATCH = "*** Begin Patch\n*** Add File: hello.txt\n+Hello, wörld!\n*** End Patch\n"
PATCHED = "The file is there."


def patch(asked: Asked) -> Answer:
    """A session in which an agent edits a file by its tool that takes free text."""
    tool = asked.tools.get("apply_patch")
    if tool is None:
        return Answer(("A ", "title"))
    if not asked.calls:
        must(tool["properties"]["input"]["type"] in ("string", "STRING"), "the tool's schema", tool)
        return Answer(calls=(Call("apply_patch", {"input": PATCH}),))
    must([call.arguments for call in asked.calls] == [{"input": PATCH}], "the call", asked.calls)
    must(any("Success" in text and "hello.txt" in text for _, text in asked.results), "the tool's word", asked.results)
    return Answer(("The file ", "is there."))


def embedded(texts: Any) -> list[list[float]]:
    """The vectors of what is asked for."""
    must(isinstance(texts, list) and all(text in TEXTS for text in texts), "the texts", texts)
    return [VECTORS[TEXTS.index(text)] for text in texts]


def counted(texts: list[str]) -> int:
    """How many tokens these are said to be."""
    must(HELLO in texts, "the question", texts)
    return COUNT


SIGNATURE = "c2lnbmVkIGJ5IHRoZSB1cHN0cmVhbQ=="
"""What an upstream that signs its tool calls wants back."""

SCENES: dict[str, Callable[[Asked], Answer | Refusal]] = {
    "plain": plain,
    "tools": tools,
    "parallel": parallel,
    "structured": structured,
    "vision": vision,
    "limited": lambda asked: Refusal(429),
    "invalid": lambda asked: Refusal(400),
    "lockedout": lambda asked: Refusal(401),
    "agent": agent,
    "patch": patch,
    "endless": lambda asked: Answer(("One", " and"), endless=True),
    "embeddings": lambda asked: Refusal(400),
    "counting": lambda asked: Refusal(400),
}
"""By the model's name at the upstream."""
