// The @anthropic-ai/sdk package: Messages.

import Anthropic from "@anthropic-ai/sdk";
import * as at from "./at.mjs";

const TOOL = { name: "weather", input_schema: at.WEATHER_SCHEMA };
const CITY_SCHEMA = {
  type: "object",
  properties: { name: { type: "string" }, people: { type: "integer" } },
  required: ["name", "people"],
  additionalProperties: false,
};

const client = (place) => new Anthropic({ baseURL: place.url, apiKey: place.key, maxRetries: 0 });
const hello = (place, scene) => ({
  model: place.model(scene),
  system: at.SYSTEM,
  max_tokens: 99,
  messages: [{ role: "user", content: at.HELLO }],
});

function isHello(answer) {
  at.same([answer.content[0].text, answer.stop_reason], [at.SAID, "end_turn"]);
  at.same([answer.usage.input_tokens, answer.usage.output_tokens], [11, 5]);
}

export const plain = async (place) => isHello(await client(place).messages.create(hello(place, "plain")));
export const stream = async (place) => isHello(await client(place).messages.stream(hello(place, "plain")).finalMessage());

export const tools = (place) => rounds(place, "tools", ["Oslo"], at.SAID_OF_OSLO);
export const parallel = (place) => rounds(place, "parallel", ["Oslo", "Rome"], at.SAID_OF_BOTH);

async function rounds(place, scene, cities, said) {
  for (const streamed of [false, true]) {
    const messages = [{ role: "user", content: at.WEATHER }];
    const body = { model: place.model(scene), max_tokens: 99, messages, tools: [TOOL] };
    const ask = async () =>
      streamed ? await client(place).messages.stream(body).finalMessage() : await client(place).messages.create(body);
    const answer = await ask();
    const uses = answer.content.filter((block) => block.type === "tool_use");
    at.same(uses.map((use) => use.input.city), cities);
    messages.push({ role: "assistant", content: answer.content });
    const results = uses.map((use) => ({ type: "tool_result", tool_use_id: use.id, content: at.TOLD }));
    messages.push({ role: "user", content: results });
    at.same((await ask()).content.at(-1).text, said);
  }
}

export async function structured(place) {
  const answer = await client(place).messages.create({
    model: place.model("structured"),
    max_tokens: 99,
    messages: [{ role: "user", content: at.CITY }],
    output_config: { format: { type: "json_schema", schema: CITY_SCHEMA } },
  });
  at.same(JSON.parse(answer.content[0].text), at.OSLO);
}

export async function vision(place) {
  const source = { type: "base64", media_type: "image/png", data: at.PICTURE_DATA };
  const content = [{ type: "image", source }, { type: "text", text: at.PICTURE }];
  const answer = await client(place).messages.create({
    model: place.model("vision"), max_tokens: 99, messages: [{ role: "user", content }],
  });
  at.same(answer.content[0].text, at.DOT);
}

export async function errors(place) {
  for (const [scene, status] of [["limited", 429], ["invalid", 400], ["lockedout", 502], ["nowhere", 404]]) {
    const error = await at.refused(status, () => client(place).messages.create(hello(place, scene)));
    at.same(error instanceof Anthropic.APIError, true);
  }
}

export async function cancel(place) {
  const events = client(place).messages.stream(hello(place, "endless"));
  for await (const event of events) if (event.delta?.text === " and") break;
  await place.left();
}

export async function counting(place) {
  const { max_tokens: _, ...body } = hello(place, "counting");
  at.counts(place, (await client(place).messages.countTokens(body)).input_tokens);
}
