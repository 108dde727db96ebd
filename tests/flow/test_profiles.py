"""Profiles, from client bytes to provider bytes: what the caller leaves unsaid, the profile says."""

import pytest
from gateway import serving, settings
from upstream import answer, upstream

from lockgate import open_gateway
from lockgate_ports.errors import SettingsError

MESSAGES = [{"role": "user", "content": "hi"}]
PROFILES = {
    "support": {
        "model": "fast",
        "parameters": {"temperature": 0.1, "max_tokens": 50},
        "prompt_template": {"id": "support", "version": "3"},
    },
    "plain": {"model": "up/other", "timeout": 9},
}


class Books:
    def __init__(self) -> None:
        self.calls = []

    def record(self, call) -> None:
        self.calls.append(call)

    def exposition(self) -> bytes:
        return b""

    async def aclose(self) -> None: ...


async def test_a_profile_fills_in_what_the_caller_leaves_unsaid() -> None:
    books = Books()
    async with upstream() as up, serving(settings(up.url, profiles=PROFILES), metrics=books) as served:
        up.say([answer("hello")])
        told = await served.ask({"model": "profile:support", "messages": MESSAGES, "temperature": 0.9})
        assert (told.status, told.headers["x-lockgate-route"]) == (200, "fast")
        await served.ask({"model": "support", "messages": MESSAGES, "max_tokens": 5, "temperature": 1})
        await served.ask({"model": "plain", "messages": MESSAGES, "a_new_field": [1]})
        first, second, third = (seen.json for seen in up.seen)
    assert (first["model"], first["temperature"], first["max_tokens"]) == ("m", 0.9, 50)
    assert (second["temperature"], second["max_tokens"]) == (1, 5)
    assert (third["model"], third["a_new_field"]) == ("other", [1])
    call = books.calls[0]
    assert (call.request_model, call.profile_id, call.prompt_template_id, call.prompt_version) == (
        "profile:support", "support", "support", "3",
    )  # fmt: skip


async def test_a_profile_is_explained_and_listed() -> None:
    from lockgate import ChatRequest, user

    async with upstream() as up, serving(settings(up.url, profiles=PROFILES)) as served:
        told = served.gateway.explain(ChatRequest(model="plain", messages=(user("hi"),)))
        assert (told.profile, told.timeout, told.targets[0].target) == ("plain", 9, "up/other")
        assert {"support", "plain"} <= {each["id"] for each in (await served.get("/v1/models")).json["data"]}


async def test_a_profile_is_picked_by_a_header_as_well() -> None:
    books = Books()
    async with upstream() as up, serving(settings(up.url, profiles=PROFILES), metrics=books) as served:
        up.say([answer("hello")])
        picked = {"x-lockgate-profile": "support"}
        told = await served.ask({"model": "whatever", "messages": MESSAGES, "a_new_field": 1}, headers=picked)
        assert (told.status, told.headers["x-lockgate-route"]) == (200, "fast")
        assert (up.seen[0].json["model"], up.seen[0].json["max_tokens"]) == ("m", 50)
        typo = await served.ask({"model": "fast", "messages": MESSAGES}, headers={"x-lockgate-profile": "suport"})
        assert typo.status == 404
        assert "no profile is named 'suport'; did you mean 'support'?" in typo.json["error"]["message"]
        assert len(up.seen) == 1
    assert [(call.request_model, call.profile_id) for call in books.calls] == [
        ("profile:support", "support"),
        ("(unknown)", None),
    ]


async def test_a_name_of_no_profile_goes_to_no_other_route() -> None:
    every = {"rest": {"match": {"any": True}, "targets": ["up/m"]}}
    async with upstream() as up, serving(settings(up.url, routes=every, profiles=PROFILES_OF_REST)) as served:
        assert (await served.ask({"model": "profile:nobody", "messages": MESSAGES})).status == 404
        assert not up.seen


PROFILES_OF_REST = {"support": {"model": "rest"}}


@pytest.mark.parametrize(
    ("profiles", "said"),
    [
        ({"fast": {"model": "up/m"}}, "profiles.fast: a route has the same name"),
        ({"p": {"model": "upp/m"}}, 'profiles.p.model: there is no provider "upp"; did you mean up?'),
        ({"p": {"model": "fats"}}, "profiles.p.model: no route or provider is named 'fats'; did you mean 'fast'?"),
        ({"p": {"model": "fast", "parameters": {"temprature": 1}}}, "did you mean temperature?"),
        ({"p": {}}, "model is missing"),
    ],
)
async def test_a_profile_that_leads_nowhere_is_refused(profiles: dict, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        async with open_gateway(settings("http://127.0.0.1:1/v1", profiles=profiles), env={"UP_KEY": "x"}):
            pass
    assert said in caught.value.message
