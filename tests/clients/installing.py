"""Puts the clients into a folder of their own, and tells which are there and in what version."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / ".clients"
PYTHON = FOLDER / "py" / "bin" / "python"
NODE = FOLDER / "node"
_VERSIONS = (
    "import importlib.metadata as m, json; "
    "print(json.dumps({d.metadata['Name'].lower(): d.version for d in m.distributions()}))"
)


def install() -> None:
    """What cannot be installed is told and left out; what depends on it is then not run."""
    FOLDER.mkdir(exist_ok=True)
    for script in (HERE / "node").glob("*.mjs"):
        NODE.mkdir(exist_ok=True)
        shutil.copy(script, NODE)
    done, wanted = FOLDER / "installed.txt", _pins()
    if done.exists() and done.read_text() == wanted:
        return
    if _install():
        done.write_text(wanted)


def _pins() -> str:
    return (HERE / "requirements.txt").read_text() + (HERE / "package.json").read_text()


def _install() -> bool:
    uv = Path(sys.executable).with_name("uv")
    if not PYTHON.exists():
        _try(uv, "venv", "--quiet", "--python", sys.executable, FOLDER / "py")
    pinned = HERE / "requirements.txt"
    pip = (uv, "pip", "install", "--quiet", "--python", PYTHON)
    whole = _try(*pip, "--requirement", pinned)
    if not whole:
        for line in pinned.read_text().split():
            _try(*pip, line)
    shutil.copy(HERE / "package.json", NODE)
    if shutil.which("npm") is None:
        print("npm is not here: the clients that need Node are not run", file=sys.stderr)
        return False
    return _try("npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", NODE) and whole


def versions() -> dict[str, str]:
    """Of every package that is there, by its name; `npm:` stands before those of npm."""
    found: dict[str, str] = {}
    if PYTHON.exists():
        told = subprocess.run((PYTHON, "-c", _VERSIONS), capture_output=True, text=True, check=True).stdout
        found |= json.loads(told)
    for manifest in (*NODE.glob("node_modules/*/package.json"), *NODE.glob("node_modules/@*/*/package.json")):
        name = manifest.parent.relative_to(NODE / "node_modules").as_posix()
        found[f"npm:{name}"] = json.loads(manifest.read_text()).get("version", "")
    return found


def _try(*command: str | Path) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{' '.join(map(str, command))}: {done.stderr[-1000:]}", file=sys.stderr)
    return done.returncode == 0
