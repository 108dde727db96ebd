"""libyaml where there is one, PyYAML's own parser where not: the same settings, at the same places."""

from pathlib import Path

import pytest

from lockgate.settings import source
from lockgate.settings.faults import SettingsFaults
from lockgate.settings.source import read_yaml

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "docs" / "examples").rglob("*.yaml"))
ODD = """
a: &x {b: ü, c: [1, 2.5, ~, yes]}
d:
  <<: *x
  é: !env "${E:-e}"
  f: |
    g
# h
'i': "j\\u00fc"
"""


@pytest.mark.parametrize("text", [*(path.read_text() for path in EXAMPLES), ODD])
def test_both_parsers_read_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = read_yaml(text, "f", {})
    monkeypatch.setattr(source, "_QuickLoader", None)
    assert repr(read_yaml(text, "f", {})) == repr(quick)


@pytest.mark.parametrize("text", ["a: [1,\n  ü: }", "a:\n\tb: c", "ü: \x01", "[" * 100_000, "a: b: c", "*x"])
def test_both_parsers_say_the_same_of_what_is_no_yaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsFaults) as quick:
        read_yaml(text, "f", {})
    monkeypatch.setattr(source, "_QuickLoader", None)
    with pytest.raises(SettingsFaults) as slow:
        read_yaml(text, "f", {})
    assert str(quick.value) == str(slow.value)
