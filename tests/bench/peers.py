"""Other gateways, installed in a folder of their own beside the bench, each as its own documentation starts it."""

import json
import os
import subprocess
import sys
import venv

from measuring import Peer
from processes import HERE, say
from talk import KEY

_FOLDER = HERE / ".peers"
_LITELLM = "litellm[proxy]"
_PORTKEY = "@portkey-ai/gateway"
_CONFIG = """\
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_base: "os.environ/BENCH_UPSTREAM", api_key: upstream-key}
general_settings: {master_key: "os.environ/BENCH_KEY"}
litellm_settings: {telemetry: false}
"""


# Later servers of Hono hand Portkey headers that it cannot add to, and every stream ends as an error.
_PACKAGE = {"private": True, "overrides": {"@hono/node-server": "1.13.7"}}


def installed() -> tuple[Peer, ...]:
    """LiteLLM from PyPI and Portkey from npm, their newest versions unless they are there already."""
    _FOLDER.mkdir(exist_ok=True)
    return _litellm(), _portkey()


def _litellm() -> Peer:
    program = _FOLDER / "litellm" / "bin" / "litellm"
    if not program.exists():
        say("installing LiteLLM: some minutes")
        venv.create(_FOLDER / "litellm", with_pip=True)
        _run([str(program.with_name("python")), "-m", "pip", "install", "--quiet", _LITELLM])
    config = _FOLDER / "litellm.yaml"
    config.write_text(_CONFIG)
    version = _run(
        [str(program.with_name("python")), "-c", "import importlib.metadata as m; print(m.version('litellm'))"]
    )
    return Peer(
        f"LiteLLM {version}",
        (str(program), "--config", str(config), "--host", "127.0.0.1", "--port", "{port}"),
        {"BENCH_UPSTREAM": "http://127.0.0.1:{upstream}/v1", "BENCH_KEY": _master(), "LITELLM_LOG": "ERROR"},
        {"authorization": f"Bearer {_master()}"},
    )


def _portkey() -> Peer:
    package = _FOLDER / "node_modules" / "@portkey-ai" / "gateway"
    if not package.exists():
        say("installing Portkey: a minute")
        (_FOLDER / "package.json").write_text(json.dumps(_PACKAGE))
        _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(_FOLDER), _PORTKEY])
    version = _run(["node", "-p", f"require({str(package / 'package.json')!r}).version"])
    return Peer(
        f"Portkey {version}",
        ("node", str(package / "build" / "start-server.js"), "--port={port}", "--headless"),
        {"NODE_ENV": "production"},
        {"x-portkey-provider": "openai", "x-portkey-custom-host": "http://127.0.0.1:{upstream}/v1"},
    )


def _master() -> str:
    """LiteLLM takes a key only when it begins like this."""
    return f"sk-{KEY}"


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ""})
    if done.returncode:
        sys.exit(f"{' '.join(command)[:200]} failed:\n{done.stderr[-2000:]}")
    return done.stdout.strip()
