"""Each fault: what it says, where, and what to do."""

from collections.abc import Callable

import pytest

from lockgate.settings import Fault

Faults = Callable[..., tuple[Fault, ...]]
LOCAL = 'local: {kind: openai-compatible, base_url: "http://h"'


def row(fields: str) -> str:
    return f"providers:\n  {LOCAL}, {fields}}}\n"


def test_a_fault_says_file_line_column_path_and_what_to_do(faults: Faults) -> None:
    text = "providers:\n  local:\n    kind: openai-compatible\n    base_urll: http://h\n"
    assert [str(fault) for fault in faults(text)] == [
        "lockgate.yaml:2:3: providers.local: base_url is missing; it must be a string",
        "lockgate.yaml:4:5: providers.local.base_urll: unknown key; did you mean base_url?",
    ]


def test_every_fault_is_told_at_once_in_the_order_of_the_file(faults: Faults) -> None:
    found = faults("""
server: {port: "80", hots: x}
providers:
  Bad_One: {kind: opnai}
  local: {kind: openai-compatible, base_url: 7, private_addresses: [nonsense]}
routes:
  a: {targets: []}
  b: {targets: [locl/m, local]}
nonsense: 1
""")
    assert [(fault.line, fault.code) for fault in found] == [
        (2, "wrong-type"),
        (2, "unknown-key"),
        (4, "bad-name"),
        (4, "unknown-kind"),
        (5, "wrong-type"),
        (5, "bad-value"),
        (7, "out-of-range"),
        (8, "unknown-provider"),
        (8, "bad-value"),
        (9, "unknown-key"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('server: {port: "80"}', "server.port: expected a whole number, got a string; take the quotes away"),
        ("server: {port: 70000}", "server.port: must be at most 65535"),
        ("server: {port: true}", "server.port: expected a whole number, got true or false"),
        ("server: {host: 12}", "server.host: expected a string, got a whole number; put it in quotes"),
        ("server: {host: no}", "server.host: expected a string, got true or false; put it in quotes"),
        ("server:", "server: expected a mapping, got nothing (null); give it a value, or take the key away"),
        ("timeouts: {idle: 0}", "timeouts.idle: must be more than 0"),
        ("timeouts: {idle: .inf}", "timeouts.idle: expected a number, got a number without end"),
        ("steps: {kind: trim}", "steps: expected a list, got a mapping"),
        ("version: 2", "version: must be at most 1"),
        (row("params: srict"), "providers.local.params: expected one of drop, pass, strict, got a string; "
                               "did you mean strict?"),
        (row("credential_refs: []"), "providers.local.credential_refs: is empty"),
        (row("credential_refs: [env:A, env:A]"), "providers.local.credential_refs[1]: env:A stands there twice"),
        (row("credential_ref: env:A, credential_refs: [env:B]"),
         "providers.local.credential_refs: credential_ref stands there as well; put them all under credential_refs"),
        (row("credential_refs: env:A"), "providers.local.credential_refs: expected a list, got a string"),
        (row("max_parallel: 0"), "providers.local.max_parallel: must be at least 1"),
        (row("max_queued: 4"), "providers.local.max_queued: nothing waits without max_parallel"),
        ("breaker: {ratio: 1.5}", "breaker.ratio: must be at most 1"),
        ("breaker: {open_for: 0}", "breaker.open_for: must be more than 0"),
        ("breaker: {open_for: 20, max_open_for: 10}", "breaker: max_open_for is less than open_for"),
        ("retry: {budget: 2}", "retry.budget: must be at most 1"),
        (row("slots: 99"), "providers.local.slots: must be at most 64"),
        (row("verbose: 1"), "providers.local.verbose: expected true or false, got a whole number"),
        (row("tags: x"), "providers.local.tags: expected a list, got a string; put it in square brackets"),
        (row("tags: [x, 1]"), "providers.local.tags[1]: expected a string, got a whole number; put it in quotes"),
        (row("seed: [1]"), "providers.local.seed: expected a whole number or a string, got a list"),
        (row("headers: {x-a: 1}"), "providers.local.headers.x-a: expected a string, got a whole number; "
                                   "put it in quotes"),
        (row("private_addresses: [10.0.0.1/8]"), "providers.local.private_addresses[0]: 10.0.0.1/8 has host bits set"),
        (row('private_addresses: ["0.0.0.0/0"]'), "providers.local.private_addresses[0]: 0.0.0.0/0 is wider than"),
        ("steps: [{kind: trim}]", "steps[0]: limit is missing; it must be a whole number"),
        ("egress: {allow: []}", "egress: kind is missing; kinds of egress policy: allow-list"),
        ('routes: {"a\\tb": {targets: [x/y]}}', 'routes["a\\tb"]: the name of a route must not be blank'),
        ("providers: {openai: {kind: openai}}", "providers.openai: credential_ref is missing: openai needs a key"),
        ('secrets: {vualt: {address: "x"}}', "did you mean vault?"),
        ('providers: {a: {kind: openai, credential_ref: "vault:x"}}', "secrets.vault: address is missing"),
        ('providers: {a: {kind: openai-compatible, base_url: "ftp://h"}}', ".base_url: 'ftp://h' must begin"),
        ("1: 2", "a key that is not a string; put it in quotes"),
        ("- a", "expected a mapping at the top"),
        ("a: !!python/object:os.system x", "is not read here; only plain YAML types"),
        ("a: &x [*x]", "an alias that holds itself"),
        ("a: [", "not valid YAML: "),
        ("a: \x07", "holds a character that YAML does not allow"),
    ],
)  # fmt: skip
def test_what_is_said(faults: Faults, text: str, said: str) -> None:
    assert any(said in str(fault) for fault in faults(text)), [str(fault) for fault in faults(text)]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("opnai", 'unknown kind of provider: "opnai"; did you mean openai?'),
        ("wxyz", "install the plugin that brings it (llm-plugin-wxyz?); known kinds: openai, openai-compatible"),
        ("acme", "it seems to come from llm-plugin-acme 1.0, which is quarantined: calls sys.exit at import"),
        ("zeta", "it seems to come from llm-plugin-zeta, which is installed but not named in plugins.allow"),
    ],
)
def test_an_unknown_kind_says_why_it_is_not_there(faults: Faults, kind: str, said: str) -> None:
    (fault,) = faults(f"providers: {{a: {{kind: {kind}}}}}")
    assert (fault.code, fault.path) == ("unknown-kind", "providers.a.kind")
    assert said in str(fault)


def test_the_engine_fields_are_checked_although_the_kind_is_unknown(faults: Faults) -> None:
    found = faults("providers: {a: {kind: wxyz, timeouts: {idel: 1}, credential_ref: CANARY-SECRET}}")
    assert [fault.code for fault in found] == ["unknown-kind", "unknown-key", "literal-secret"]


@pytest.mark.parametrize("line", ["kind: a\nkind: b", "a: &x {kind: 1, kind: 2}\nb: *x"])
def test_a_key_twice_is_a_fault_that_names_the_first(faults: Faults, line: str) -> None:
    (fault,) = [fault for fault in faults(line) if fault.code == "duplicate-key"]
    assert fault.message == "stands twice; the first is on line 1"


def test_a_file_that_is_too_deep_or_too_wide_is_refused(faults: Faults) -> None:
    assert faults("a: " + "[" * 5000)[0].code == "unreadable"
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert "more than" in faults(laughs)[0].message


def test_a_file_that_is_not_there_or_not_text_is_a_fault(faults: Faults, load: Callable[..., object]) -> None:
    from lockgate.plugins import Plugins
    from lockgate.settings import SettingsFaults, load_settings

    with pytest.raises(SettingsFaults, match=r"nowhere\.yaml: there is no such file"):
        load_settings("nowhere.yaml", environment=None, env={}, offers=Plugins())


CANARY = "CANARY-0123456789-abcdef"


@pytest.mark.parametrize(
    "text",
    [
        f"providers: {{a: {{kind: openai, credential_ref: {CANARY}}}}}",
        f'providers: {{a: {{kind: openai, credential_ref: "{CANARY}:x"}}}}',
        f'providers: {{a: {{kind: openai, credential_ref: "sk:{CANARY}"}}}}',
        f"providers: {{a: {{kind: openai, credential_ref: [{CANARY}]}}}}",
        f"providers: {{a: {{kind: openai, api_key: {CANARY}}}}}",
        f"server: {{client_credential_refs: [{CANARY}]}}",
        f"server: {{port: {CANARY}}}",
        f"server: {{host: !env 'x${{NO}}{CANARY}'}}",
        row(f"params: {CANARY}"),
        row(f"slots: 13, headers: {{authorization: Bearer {CANARY}}}"),
        f'providers: {{a: {{kind: openai-compatible, base_url: "http://me:{CANARY}@h"}}}}',
        f'providers: {{a: {{kind: openai-compatible, base_url: "http://me:{CANARY}@h", slots: 13}}}}',
        f'providers: {{a: {{kind: openai-compatible, base_url: "http://me:{CANARY}@h:x"}}}}',
        f"a: [{CANARY}: {CANARY}: {CANARY}",
        f"a: {CANARY}\n @{CANARY}",
    ],
)
def test_no_fault_repeats_a_value(faults: Faults, text: str) -> None:
    assert not [str(fault) for fault in faults(text) if "CANARY" in str(fault) or "abcdef" in str(fault)]


def test_a_literal_key_says_how_to_put_it_right(faults: Faults) -> None:
    (fault,) = faults(f"providers:\n  a:\n    kind: openai\n    credential_ref: {CANARY}\n")
    assert (fault.code, fault.line, fault.path) == ("literal-secret", 4, "providers.a.credential_ref")
    assert "write `env:ITS_NAME`" in fault.hint
