"""How it stands with the places of providers and models, in the Prometheus text format."""

from collections.abc import Callable, Mapping

from lockgate.redaction import redact
from lockgate_core.provider import Provider
from lockgate_core.slots import Slots

_FAMILIES: Mapping[str, tuple[str, str, Callable[[Slots], int]]] = {
    "lockgate_slots_limit": ("gauge", "Calls that may run at a time.", lambda slots: slots.now.limit),
    "lockgate_slots_running": ("gauge", "Calls that run.", lambda slots: slots.now.running),
    "lockgate_slots_waiting": ("gauge", "Calls that wait for a place.", lambda slots: slots.now.waiting),
    "lockgate_slots_refused_total": (
        "counter",
        "Calls that got no place: the line was full, they waited too long, or others of a higher priority came.",
        lambda slots: slots.refused,
    ),
}


def slots_text(providers: Mapping[str, Provider]) -> bytes:
    """Empty where nothing is limited. To be called on the event loop that calls run on. A place of all models of a
    provider together has no label for the model."""
    bounded = {name: each.slots for name, each in providers.items() if each.slots is not None}
    lines: list[str] = []
    for family, (kind, text, read) in _FAMILIES.items() if bounded else ():
        lines += [f"# HELP {family} {text}", f"# TYPE {family} {kind}"]
        for provider_id, found in bounded.items():
            for model, slots in found:
                labels = f'gen_ai_provider_name="{_escaped(provider_id)}"'
                if model is not None:
                    labels += f',gen_ai_request_model="{_escaped(model)}"'
                lines.append(f"{family}{{{labels}}} {read(slots)}")
    return "".join(f"{line}\n" for line in lines).encode()


def _escaped(value: str) -> str:
    """Clients choose names of models: clipped, without what no label may hold."""
    shown = "".join(mark if mark.isprintable() else "\ufffd" for mark in redact(value)[:100])
    return shown.replace("\\", r"\\").replace('"', r"\"")
