"""docs/clients.md: the table of what was run."""

from pathlib import Path

from roster import CLIENTS, SCENES, Client

PAGE = Path(__file__).parent.parent.parent / "docs" / "clients.md"
Results = dict[Client, dict[tuple[str, str], str | None]]
"""By client, and by scene and upstream: what went wrong, or None. A client that is missing was not run."""

_HEAD = """\
# Clients

<!-- Written by tests/clients/run.py; `make clients` writes it anew. -->

Clients that were run as they are, with nothing but the base URL and the model's name changed, against `lockgate serve`
in front of three scripted upstreams: one speaks OpenAI's Chat Completions, one Anthropic's Messages, one Gemini's API.
The upstreams check what they are sent, the clients what they are told. `make clients` installs and runs them.

`ok`: with all three upstreams. `-`: the client has no such thing, or is not asked for it. Each tool scene is two turns,
the call and its result; a structured answer is one by a JSON schema, or by a tool that must be called; errors are the
exceptions for 400, 404, 429 and a key that the upstream refuses; cancel leaves in the middle of a stream, which the
upstream must notice. Anthropic makes no embeddings, and its client must be told so. Tokens are counted by Anthropic and
Gemini, and estimated for Chat Completions. The agents' tool call is one of their shell, in a session of one question;
Codex edits a file besides, by its tool that takes free text.

"""
_FIDELITY = """
## Unchanged

What an agent sends and is told through the gateway when the provider speaks its own language, recorded on both sides.
Each connection has a `host`, `accept-encoding`, `connection` and `content-length` of its own.

| session | targets, header fields, bodies and answers, streams included |
|---|---|
"""


def page(results: Results, versions: dict[str, str], unchanged: dict[str, str | None]) -> str:
    """The whole page. `unchanged`: by session what differed, or None."""
    head = [_row("client", "version", *SCENES), "|---" * (len(SCENES) + 2) + "|"]
    rows = [_row(client.title, _version(client, versions), *_cells(client, results)) for client in CLIENTS]
    told = [
        _row(name, fault or "byte for byte, but for the model's name and the key") for name, fault in unchanged.items()
    ]
    return _HEAD + "\n".join([*head, *rows]) + "\n" + _FIDELITY + "\n".join(told) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _version(client: Client, versions: dict[str, str]) -> str:
    own = versions.get(client.package, "")
    return f"{own}, {versions.get(client.beside, '')}" if client.beside is not None else own


def _cells(client: Client, results: Results) -> list[str]:
    found = results.get(client)
    if found is None:
        return ["not run"] * len(SCENES)
    return [_cell({language: fault for (at, language), fault in found.items() if at == scene}) for scene in SCENES]


def _cell(faults: dict[str, str | None]) -> str:
    if not faults:
        return "-"
    failed = [language for language, fault in faults.items() if fault is not None]
    return f"fails: {', '.join(failed)}" if failed else "ok"
