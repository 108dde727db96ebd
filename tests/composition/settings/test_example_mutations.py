"""Each example of settings, spoilt in every place: each time it is refused, at the right line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lockgate.adapters import builtins
from lockgate.plugins import Plugins, discover
from lockgate.settings import SettingsFaults, read_settings, settle

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "examples").glob("*.yaml"))
ENV = {"PORT": "1"}
OF_USERS = ("providers", "routes", "profiles", "config_keys", "environments", "headers")
"""Keys of these mappings are names that the user gives."""

Case = tuple[str, str, int]


def places(
    node: yaml.Node, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], yaml.Node, yaml.Node | None]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), value, key
            yield from places(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, str(index)), item, None
            yield from places(item, (*path, str(index)))


def of_users(path: tuple[str, ...]) -> bool:
    return len(path) > 1 and path[-2] in OF_USERS


def spoilt(path: Path) -> Iterator[Any]:
    text = path.read_text()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None
    for where, value, key in places(root):
        name = f"{path.stem}:{'.'.join(where)}"
        if key is not None and not of_users(where):
            end = key.end_mark
            yield pytest.param(
                text[: end.index] + "x" + text[end.index :], "unknown-key", end.line, id=f"{name}:misspelt"
            )
        if key is not None:
            start = key.start_mark
            twice = (
                f"{key.value}: 1, "
                if start.buffer and in_flow(text, start.index)
                else f"{key.value}: 1\n{' ' * start.column}"
            )
            line = start.line + (0 if in_flow(text, start.index) else 1)
            yield pytest.param(
                text[: start.index] + twice + text[start.index :], "duplicate-key", line, id=f"{name}:twice"
            )
        if isinstance(value, yaml.ScalarNode) and value.tag != "!env" and not value.tag.endswith(":null"):
            wrong = "12" if value.tag.endswith(":str") else "[]"
            spot = value.start_mark
            changed = text[: spot.index] + wrong + text[value.end_mark.index :]
            yield pytest.param(changed, "wrong-type", spot.line, id=f"{name}:type")


def in_flow(text: str, index: int) -> bool:
    """Does it stand within braces?"""
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return line.count("{") > line.count("}")


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover(builtins=[builtins])


CASES = [case for path in EXAMPLES for case in spoilt(path)]


def test_there_are_more_than_a_hundred() -> None:
    assert len(CASES) > 100


@pytest.mark.parametrize(("text", "code", "line"), CASES)
def test_a_spoilt_example_is_refused_at_the_right_line(
    plugins: Plugins, tmp_path: Path, text: str, code: str, line: int
) -> None:
    path = tmp_path / "lockgate.yaml"
    path.write_text(text)
    with pytest.raises(SettingsFaults) as caught:
        settle(read_settings(path, environment=None, env=ENV), plugins)
    assert (code, line + 1) in [(fault.code, fault.line) for fault in caught.value.faults], str(caught.value)
