"""`make bench-count`: the instructions that a call takes, layer by layer, which a busy machine does not blur.

valgrind counts them; so one change of the code can be told from none. Kernel and network are not in it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from deployment import MODEL
from in_memory import CALLS
from page import put
from processes import say

_COLLECTED = re.compile(r"Collected : (\d+)")
_LAYERS = ("server", "surface", "engine", "attempts")
_NAMES = (
    "server: connection, request, answer",
    "surface: key, dialect, header fields",
    "engine: route, record, metrics",
    "attempts: breaker, keys, places, timeouts",
    "port: patch, egress, client, usage",
)
_MODELS = {"relayed": MODEL, "Anthropic": "claude", "Gemini": "gemini"}


def thousands(model: str, kind: str, layer: str = "") -> float:
    """Thousands of instructions that one call takes. Raises SystemExit with what valgrind said when it fails."""
    say(f"counting: {model}, {kind} {layer}")
    command = [
        "valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null",
        sys.executable, str(Path(__file__).with_name("in_memory.py")), model, kind, layer,
    ]  # fmt: skip
    env = {**os.environ, "PYTHONHASHSEED": "0", "UV_USE_IO_URING": "0"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    found = _COLLECTED.search(done.stderr)
    if done.returncode or found is None:
        raise SystemExit(f"valgrind could not count:\n{done.stderr[-2000:]}")
    return int(found[1]) / CALLS[kind] / 1000


def measured() -> list[str]:
    whole = thousands(MODEL, "whole")
    within = [thousands(MODEL, "whole", layer) for layer in _LAYERS]
    rows = ["| of a relayed call | instructions, thousands |", "|---|---:|"]
    for name, inner, outer in zip(_NAMES, [*within, whole], [0.0, *within], strict=True):
        rows.append(f"| {name} | {inner - outer:,.0f} |")
    large = thousands(MODEL, "whole", "large")
    rows += [f"| all of it | {whole:,.0f} |", f"| the same with 100 providers and 10,000 routes | {large:,.0f} |"]
    rows += ["", "| | a call | a stream of 100 pieces |", "|---|---:|---:|"]
    for name, model in _MODELS.items():
        call = whole if model == MODEL else thousands(model, "whole")
        rows.append(f"| {name} | {call:,.0f} | {thousands(model, 'stream'):,.0f} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-count", description=__doc__)
    parser.add_argument("--page", action="store_true", help="write the tables into docs/performance.md as well")
    asked = parser.parse_args()
    if shutil.which("callgrind_control") is None:
        raise SystemExit("valgrind is not installed: install the package of that name (Debian: apt install valgrind)")
    told = "\n".join(measured())
    say("")
    print(told)
    if asked.page:
        put("bench-count", "make bench-count", told)


if __name__ == "__main__":
    main()
