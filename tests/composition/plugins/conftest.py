"""Tiny distributions, installed in a temporary folder on sys.path."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest

GOOD = """
    from lockgate_ports.hooks import Factory, ModelFactory, NoSettings, hookimpl

    @hookimpl
    def register_models():
        return [ModelFactory(kind="KIND", settings=NoSettings, build=print, origins=lambda settings: ())]
"""
_numbers: Iterator[int] = count()

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a distribution with one entry point; gives its name back. `kind` stands in for KIND in the code."""
    monkeypatch.syspath_prepend(tmp_path)

    def installed(
        code: str = GOOD, *, distribution: str = "", entry: str = "", kind: str = "", version: str = "1.0"
    ) -> str:
        number = next(_numbers)
        distribution = distribution or f"llm-plugin-tiny{number}"
        module = f"tiny_module_{number}"
        code = dedent(code).replace("KIND", kind or f"tiny{number}")
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[lockgate.plugins]\n{entry or f'tiny{number}'} = {module}\n")
        return distribution

    return installed
