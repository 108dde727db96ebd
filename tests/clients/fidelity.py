"""Whether what passes between an agent and a provider of its own language stays byte for byte what it was."""

from scripted import Scripted
from tap import Tap

OWN = {
    *("host", "connection", "content-length", "accept-encoding", "authorization", "x-api-key"),
}
"""Fields of each connection's own: where it goes, with which key, and what its reader takes."""


def difference(near: Tap, far: Scripted, alias: str, model: str) -> str | None:
    """What differs between what the client saw (`near`) and the upstream (`far`), but for the model's name and the key;
    None where nothing does."""
    asked = [each for each in near.exchanges if each.body]
    if not asked or len(asked) != len(far.seen):
        return f"{len(asked)} calls became {len(far.seen)}"
    for here, there in zip(asked, far.seen, strict=True):
        if here.body.replace(f'"model":"{alias}"'.encode(), f'"model":"{model}"'.encode()) != there.body:
            return "a body was changed on its way to the upstream"
        if here.answer != there.answer:
            return "an answer was changed on its way to the client"
        if here.target != there.target:
            return f"{here.target} became {there.target}"
        for name in (here.headers.keys() | there.headers.keys()) - OWN:
            if here.headers.get(name) != there.headers.get(name):
                return f"the header {name} was changed"
    return None
