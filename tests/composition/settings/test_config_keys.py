"""Environment variables and secrets are declared once, or not at all."""

from collections.abc import Callable

import pytest

from lockgate.settings import Fault, Settings, read_settings, settle, unused_config_keys

Faults = Callable[..., tuple[Fault, ...]]
USES = """\
server: {{port: !env "${{PORT:-1}}"}}
providers:
  a: {{kind: openai, credential_ref: env:A_KEY}}
  b: {{kind: openai, credential_refs: ["file:/run/b", env:B_KEY]}}
config_keys:
  {rows}
"""
ALL = """\
PORT: {purpose: where to listen, secret: false}
  A_KEY: {purpose: the team's account, owner: team-a}
  B_KEY: {purpose: a spare}
  "file:/run/b": {purpose: another}
"""


def text(rows: str) -> str:
    return USES.format(rows=rows)


def test_what_is_used_is_declared(load: Callable[..., Settings]) -> None:
    declared = load(text(ALL)).config_keys
    assert declared is not None
    assert declared["A_KEY"].owner == "team-a"


@pytest.mark.parametrize(
    ("rows", "line", "said"),
    [
        (ALL.replace("A_KEY", "A_KYE"), 3, "providers.a.credential_ref: A_KEY is not declared; did you mean B_KEY?"),
        (ALL.replace("PORT", "POORT"), 1, "server.port: PORT is not declared; did you mean POORT?"),
        (ALL.replace("file:/run/b", "file:/run/c"), 4, "credential_refs[0]: file:/run/b is not declared"),
        (ALL.replace("secret: false", "secret: true"), 1, "a setting is no place for one; use a credential_ref"),
        (ALL.replace("a spare", "a spare, secret: false"), 4, "B_KEY is declared as no secret, and used as one"),
        (ALL.replace("purpose: a spare", "owner: me"), 8, "config_keys.B_KEY: purpose is missing"),
    ],
)
def test_what_is_used_otherwise_than_declared_is_a_fault(faults: Faults, rows: str, line: int, said: str) -> None:
    found = faults(text(rows))
    assert any(each.line == line and said in str(each) for each in found), list(map(str, found))


def test_without_the_table_nothing_need_be_declared(load: Callable[..., Settings]) -> None:
    assert load(text(ALL).partition("config_keys")[0]).config_keys is None


def test_what_is_declared_and_not_used_is_named(load: Callable[..., Settings], offers) -> None:
    load(text(ALL + "  OLD_KEY: {purpose: nobody knows}\n"))
    draft = read_settings("lockgate.yaml", environment=None, env={})
    assert unused_config_keys(settle(draft, offers), draft) == ["OLD_KEY"]
