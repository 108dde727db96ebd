"""What the tests share: aioresponses made to work with aiohttp 3.14, and the plugin folders to examine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses

ROOT = Path(__file__).resolve().parent.parent


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
