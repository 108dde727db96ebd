"""Pages for operators, over HTTP: who may see them, and that what they tell is what is done."""

import json
from pathlib import Path

from gateway import serving, settings
from upstream import answer, http, upstream

from lockgate.adapters.sqlite_ledger import SqliteLedger, SqliteLedgerSettings
from lockgate_ports.ledger import AuditQuery

ASK = {"model": "r", "messages": [{"role": "user", "content": "hi"}]}
ROUTES = {"r": {"targets": ["up/m", "up/n"], "strategy": "round_robin"}}


async def test_what_is_explained_is_done_next() -> None:
    async with upstream() as up, serving(settings(up.url, routes=ROUTES)) as served:
        up.say([answer("hello")])
        door = served.gateway.front_door(loopback=True)
        assert door is not None
        for _ in range(3):
            told = served.gateway.explain(_view())
            done = await served.ask(ASK)
            assert done.headers["x-lockgate-target"] == told.targets[0].target
            assert done.headers["x-lockgate-route"] == told.route == "r"


async def test_the_page_is_for_operators_with_a_key_alone() -> None:
    async with upstream() as up:
        keyed = settings(up.url, routes=ROUTES, server={"admin_credential_refs": ["env:CLIENT_KEY"]})
        async with serving(keyed) as served:
            path = "/admin/explain"
            assert (await served.ask(ASK, path=path)).status == 401
            told = await served.ask(ASK, path=path, headers={"authorization": "Bearer sk-client"})
            assert [each["target"] for each in told.json["targets"]] == ["up/m", "up/n"]
            assert told.json["targets"][0]["keys"] == ["env:UP_KEY"]
            assert b"sk-canary" not in told.body
            wrong = {"dialect": "klingon"}
            refused = await served.ask(ASK, path=path, params=wrong, headers={"authorization": "Bearer sk-client"})
            assert refused.status == 400
        async with serving(settings(up.url, routes=ROUTES)) as served:
            assert (await served.ask(ASK, path=path)).status == 403, "nobody knows that it is loopback"


async def test_a_rollout_moves_by_command_and_goes_back_by_itself_and_every_move_is_written_down(
    tmp_path: Path,
) -> None:
    rollout = {"to": ["up/new"], "steps": [50, 100], "hold": 0, "min_calls": 3, "sticky": "user"}
    routes = {"r": {"targets": ["up/old"], "rollout": rollout}}
    keyed = {"server": {"admin_credential_refs": ["env:CLIENT_KEY"]}, "retry": {"max_attempts": 1}}
    keyed["ledger"] = {"kind": "sqlite", "path": str(tmp_path / "ledger.db")}
    key = {"authorization": "Bearer sk-client"}

    def act(seen):
        return [http(b"{}", 500)] if seen.json["model"] == "new" and broken else [answer("hello")]

    async with upstream() as up, serving(settings(up.url, routes=routes, **keyed)) as served:

        async def model(user: str) -> str:
            told = await served.ask({**ASK, "user": user}, headers=key)
            assert told.status == 200, "the old target stands in"
            return told.headers["x-lockgate-target"]

        async def status() -> dict:
            return (await served.get("/admin/rollouts", headers=key)).json[0]

        async def move(act: str, route: str = "r") -> int:
            return (await served.ask({}, path=f"/admin/rollouts/{act}/{route}", headers=key)).status

        broken = False
        up.say(act)
        first = {user: await model(user) for user in "abcdef"}
        assert set(first.values()) == {"up/new", "up/old"} or (await status())["step"] > 0
        assert await move("rollback") == 200
        assert {await model(user) for user in "abcdef"} == {"up/old"}
        assert await move("promote") == 200
        assert await move("promote") == 200
        assert (await status())["share"] == 100
        broken = True
        for user in "abc":
            await model(user)
        assert ((await status())["phase"], (await status())["share"]) == ("aborted", 50)
        assert (await move("promote", "nobody"), await move("jump")) == (404, 404)
    kept = SqliteLedger(SqliteLedgerSettings(path=str(tmp_path / "ledger.db")))
    rows = [row.event for row in await kept.audit(AuditQuery(kinds=("rollout_changed",)))]
    moves = [(row.actor, row.subject, row.details["phase"], row.details["share"]) for row in rows][-4:]
    assert moves == [
        ("env:CLIENT_KEY", "r", "rolled_back", "0 %"),
        ("env:CLIENT_KEY", "r", "running", "50 %"),
        ("env:CLIENT_KEY", "r", "running", "100 %"),
        ("gateway", "r", "aborted", "50 %"),
    ]
    assert "errors" in rows[-1].details["reason"]


async def test_a_request_goes_to_the_larger_model_when_the_provider_finds_it_too_long() -> None:
    routes = {"r": {"targets": ["up/small"], "fallbacks": {"context_length": ["up/large"]}}}
    too_long = {"error": {"message": "too long", "code": "context_length_exceeded", "type": "invalid_request_error"}}
    async with upstream() as up, serving(settings(up.url, routes=routes)) as served:
        up.say([http(json.dumps(too_long).encode(), 400)], [answer("hello")])
        told = await served.ask(ASK)
        assert (told.status, told.headers["x-lockgate-target"]) == (200, "up/large")
        assert [seen.json["model"] for seen in up.seen] == ["small", "large"]


def _view():
    from lockgate import ChatRequest, user

    return ChatRequest(model="r", messages=(user("hi"),))
