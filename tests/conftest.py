"""What the tests share: aioresponses made to work with aiohttp 3.14, plugin folders, and our wheels."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses

ROOT = Path(__file__).resolve().parent.parent
# These folders are no packages: what tests share is found by its folder.
sys.path.append(str(Path(__file__).parent / "support"))


class _Response(ClientResponse):
    """aioresponses 0.7.9 leaves out `stream_writer`, which aiohttp 3.14 insists on (its issue 289)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture
def mocked_http(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """aioresponses in place of every aiohttp client session; loopback passes through."""
    monkeypatch.setattr("aioresponses.core.ClientResponse", _Response)
    with aioresponses(passthrough=["http://127.0.0.1", "http://localhost"]) as upstream:
        yield upstream


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every wheel of the workspace, newly built by the hatchling that stands in .venv."""
    folder = tmp_path_factory.mktemp("dist")
    _uv("build", "--all-packages", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    return sorted(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def install(wheels: list[Path]) -> Callable[..., Path]:
    """`install(folder, "lockgate", ...)`: the bin/ of an empty environment in `folder` with these of our wheels."""

    def installed(folder: Path, *names: str) -> Path:
        # By address, so that no distribution of the same name from an index can stand in for a wheel of ours.
        ours = folder / "ours.txt"
        ours.write_text("\n".join(f"{wheel.name.split('-')[0]} @ {wheel.as_uri()}" for wheel in wheels))
        environment = folder / "venv"
        _uv("venv", "--python", sys.executable, environment)
        _uv("pip", "install", "--python", environment, "-c", ours, "-c", ROOT / "constraints.txt", *names)
        return environment / "bin"

    return installed


def _uv(*arguments: object) -> None:
    command = [Path(sys.executable).with_name("uv"), *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--plugins-folder` lets a test point test_architecture.py at plugins that stand elsewhere."""
    parser.addoption("--plugins-folder", type=Path, default=ROOT / "plugins", help="its subfolders are plugins")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `plugin_folder` runs once for each plugin there is."""
    if "plugin_folder" in metafunc.fixturenames:
        projects = metafunc.config.getoption("--plugins-folder").glob("*/pyproject.toml")
        metafunc.parametrize(
            "plugin_folder", sorted(project.parent for project in projects), ids=lambda path: path.name
        )
