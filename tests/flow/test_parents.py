"""Parents of keys and tokens, from the command line to the client: limits that hold too, and who is out at once."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from gateway import Served, serving, settings
from issuer import issuing
from test_callers import ASK, command, create, keyed
from upstream import answer, upstream

from lockgate.adapters.sqlite_ledger import SqliteLedger, SqliteLedgerSettings
from lockgate.cli.root import root
from lockgate_core.parents import Parent, lineage, under
from lockgate_ports.caller import Caller
from lockgate_ports.errors import Unauthenticated
from lockgate_ports.ledger import AuditQuery
from lockgate_ports.limits import Limit


async def status(gw: Served, key: str) -> int:
    return (await gw.ask(ASK, headers={"authorization": f"Bearer {key}"})).status


async def test_the_limits_of_all_parents_hold_together_for_all_keys_below(tmp_path: Path):
    command(tmp_path, "parent", "set", "organisation:acme", "--rpm", "3")
    command(tmp_path, "parent", "set", "team:search", "--parent", "organisation:acme", "--rpm", "2")
    one, two = (create(tmp_path, "--parent", "team:search") for _ in range(2))
    other = create(tmp_path, "--parent", "organisation:acme")
    async with upstream() as up, serving(keyed(up.url, tmp_path)) as gw:
        up.say([answer()])
        assert [await status(gw, key) for key in (one, two, one)] == [200, 200, 429], "the team has two"
        assert [await status(gw, other) for _ in range(2)] == [200, 429], "the organisation has three"
        command(tmp_path, "parent", "set", "organisation:acme", "--rpm", "10")
        await asyncio.sleep(0.12)
        assert [await status(gw, key) for key in (other, one)] == [200, 429], "what is said now holds at once"


async def test_a_parent_that_is_revoked_refuses_all_below_it_at_once_and_lets_them_in_again(tmp_path: Path):
    command(tmp_path, "parent", "set", "team:search", "--parent", "organisation:acme")
    below, beside = create(tmp_path, "--parent", "team:search"), create(tmp_path, "--tenant", "acme")
    async with upstream() as up, serving(keyed(up.url, tmp_path)) as gw:
        up.say([answer()])
        assert [await status(gw, key) for key in (below, beside)] == [200, 200]
        for scope in ("organisation:acme", "team:search", "tenant:acme"):
            command(tmp_path, "parent", "revoke", scope)
            await asyncio.sleep(0.12)
            held = [await status(gw, key) for key in (below, beside)]
            assert held == ([200, 401] if scope.startswith("tenant") else [401, 200]), scope
            command(tmp_path, "parent", "restore", scope)
            await asyncio.sleep(0.12)
        assert [await status(gw, key) for key in (below, beside)] == [200, 200]


async def test_a_user_with_a_token_is_out_when_he_is_revoked_though_the_token_counts_still(tmp_path: Path):
    async with issuing() as issuer, upstream() as up:
        auth = {"keys": {"path": str(tmp_path / "keys.db")}, "jwt": {"corp": issuer.row(tenant="acme")}}
        async with serving(settings(up.url, auth=auth)) as gw:
            up.say([answer()])
            ann, bob = issuer.token(sub="ann"), issuer.token(sub="bob")
            assert [await status(gw, token) for token in (ann, bob)] == [200, 200]
            command(tmp_path, "parent", "revoke", "user:acme/ann")
            command(tmp_path, "parent", "set", "tenant:acme", "--rpm", "1")
            await asyncio.sleep(0.12)
            fresh = issuer.token(sub="ann", jti="another")
            assert [await status(gw, token) for token in (ann, fresh, bob, bob)] == [401, 401, 200, 429]


def test_the_command_line_shows_parents_and_what_is_below_a_revoked_one(tmp_path: Path):
    command(tmp_path, "parent", "set", "team:search", "--parent", "organisation:acme", "--budget", "500/month")
    key_id = create(tmp_path, "--parent", "team:search").split("_")[1]
    command(tmp_path, "parent", "revoke", "organisation:acme")
    rows = {row["scope"]: row for row in json.loads(command(tmp_path, "parent", "list", "--json"))}
    assert rows["team:search"] | {"created_at": ""} == {
        "scope": "team:search",
        "state": "active",
        "parents": ["organisation:acme"],
        "limits": ["--budget 500/month"],
        "created_at": "",
        "revoked_at": None,
    }
    assert rows["organisation:acme"]["state"] == "revoked"
    assert "organisation:acme is revoked" in command(tmp_path, "show", key_id)
    assert "--budget 500/month" in command(tmp_path, "parent", "list")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "--parent", "team:search"], "is revoked"),
        (["parent", "set", "organisation:acme", "--parent", "team:search"], "above itself"),
        (["parent", "set", "team:x", "--parent", "team:x"], "above itself"),
        (["parent", "set", "key:abc"], "is no parent"),
        (["parent", "set", "team"], "is no parent"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, words: list[str], said: str):
    command(tmp_path, "parent", "set", "team:search", "--parent", "organisation:acme")
    command(tmp_path, "parent", "revoke", "organisation:acme")
    done = CliRunner().invoke(root, ["keys", "--config", str(tmp_path / "keys.yaml"), *words])
    assert done.exit_code != 0
    assert said in " ".join((done.output + str(done.exception)).split())


async def test_what_is_done_to_parents_is_in_the_audit_trail(tmp_path: Path):
    config = tmp_path / "with-ledger.yaml"
    keys, ledger = tmp_path / "keys.db", tmp_path / "ledger.db"
    config.write_text(f"auth: {{keys: {{path: {keys}}}}}\nledger: {{kind: sqlite, path: {ledger}}}\n")

    def run(*words: str) -> None:
        done = CliRunner().invoke(root, ["keys", "--config", str(config), "parent", *words])
        assert done.exit_code == 0, done.output

    for words in (["set", "team:a", "--rpm", "5"], ["set", "team:a"], ["revoke", "team:a"], ["restore", "team:a"]):
        await asyncio.to_thread(run, *words)
    rows = await SqliteLedger(SqliteLedgerSettings(path=str(ledger))).audit(AuditQuery())
    done = [(row.event.kind, row.event.subject) for row in rows]
    assert done == [(kind, "team:a") for kind in ("key_created", "key_changed", "key_revoked", "key_changed")]
    assert rows[0].event.details["limits"] == "--rpm 5"


def test_parents_above_each_other_end_and_each_counts_once():
    rows = {
        "team:a": Parent(scope="team:a", above=("team:b", "org:x"), created_at=0.0),
        "team:b": Parent(
            scope="team:b", above=("team:a", "org:x"), created_at=0.0, limits=(Limit("team:b", "requests", 5, 60),)
        ),
    }
    assert lineage(("team:a",), rows) == ("team:a", "team:b", "org:x")
    found = under(Caller(key_id="k", parents=("team:a",)), rows)
    assert found.parents == ("team:a", "team:b", "org:x")
    assert found.limits == rows["team:b"].limits
    nobody = Caller(key_id="k")
    assert under(nobody, rows) is nobody
    with pytest.raises(Unauthenticated, match="org:x, which is revoked"):
        under(found, {**rows, "org:x": Parent(scope="org:x", created_at=0.0, revoked_at=1.0)})
