"""Where clients look: each path that their SDKs make of the base URLs people give them."""

import anthropic
import openai
import pytest
from gateway import CANARY, serving, settings
from upstream import answer, http, upstream

ASK = b'{"messages":[{"role":"user","content":"hi"}], "zz":1.50}'
VECTORS = b'{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"m"}'


@pytest.mark.parametrize("base", ["/v1", "", "/openai/v1", "/openai"])
async def test_an_sdk_of_openais_works_with_any_base_url_that_people_give_it(base: str):
    async with upstream() as up, serving(settings(up.url)) as gw:
        client = openai.AsyncOpenAI(base_url=gw.url + base, api_key="unused", max_retries=0)
        up.say([answer("hello")], [http(VECTORS)])
        told = await client.chat.completions.create(model="fast", messages=[{"role": "user", "content": "hi"}])
        assert told.choices[0].message.content == "hello"
        assert (await client.embeddings.create(model="fast", input="a", encoding_format="float")).data[0].embedding
        assert [model.id async for model in client.models.list()] == ["fast"]


@pytest.mark.parametrize("model", ["fast", "up/m"])
async def test_azures_sdk_names_the_model_in_the_path(model: str):
    async with upstream() as up, serving(settings(up.url)) as gw:
        client = openai.AsyncAzureOpenAI(
            azure_endpoint=gw.url, api_key="unused", api_version="2024-10-21", max_retries=0
        )
        up.say([answer("hello")], [http(VECTORS)])
        told = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
        assert told.choices[0].message.content == "hello"
        await client.embeddings.create(model=model, input="a", encoding_format="float")
        assert [seen.path for seen in up.seen] == ["/v1/chat/completions", "/v1/embeddings"]
        assert [seen.json["model"] for seen in up.seen] == ["m", "m"]
        assert up.seen[0].headers["authorization"] == f"Bearer {CANARY}"


async def test_a_body_that_names_no_model_takes_that_of_the_path_and_is_else_as_it_was():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        told = await gw.ask(ASK, path="/openai/deployments/fast/chat/completions?api-version=2024-10-21")
        assert told.status == 200
        assert up.seen[0].body == ASK[:-1] + b',"model":"m"}'
        bad = await gw.ask(b"{", path="/openai/deployments/fast/chat/completions")
        assert (bad.status, bad.json["error"]["type"]) == (400, "invalid_request_error")


async def test_a_client_of_anthropics_is_given_its_own_list_with_limits_and_pages():
    config = settings("http://127.0.0.1:9/v1")
    config["providers"]["up"]["models"] = [
        {"id": "m", "context_tokens": 9000, "max_output_tokens": 500},
        {"id": "org/n", "context_tokens": 7000},
    ]
    config["routes"]["both"] = {"targets": ["up/m", "up/org/n"]}
    async with serving(config) as gw:
        client = anthropic.AsyncAnthropic(base_url=gw.url, api_key="unused", max_retries=0)
        listed = [model async for model in client.models.list(limit=2)]
        assert [model.id for model in listed] == ["fast", "both", "up/m", "up/org/n"]
        limits = [(model.max_input_tokens, model.max_tokens) for model in listed]
        assert limits == [(9000, 500), (7000, None), (9000, 500), (7000, None)]
        page = await client.models.list(limit=2, before_id="up/org/n")
        assert ([model.id for model in page.data], page.has_more) == (["both", "up/m"], True)
        assert (await client.models.retrieve("up/org/n")).display_name == "up/org/n"
        with pytest.raises(anthropic.NotFoundError, match="no model is listed as 'nope'"):
            await client.models.retrieve("nope")
        with pytest.raises(anthropic.BadRequestError, match="limit must be"):
            await client.models.list(limit=0)
        with pytest.raises(anthropic.BadRequestError, match="after_id"):
            await client.models.list(after_id="nope")


async def test_who_asks_for_models_without_a_key_is_told_so_in_his_own_envelope():
    config = settings("http://127.0.0.1:9/v1")
    config["server"] = {"client_credential_refs": ["env:CLIENT_KEY"]}
    async with serving(config) as gw:
        theirs = await gw.get("/v1/models", headers={"anthropic-version": "2023-06-01"})
        assert (theirs.status, theirs.json["type"]) == (401, "error")
        other = await gw.get("/v1/models")
        assert (other.status, "type" in other.json) == (401, False)
