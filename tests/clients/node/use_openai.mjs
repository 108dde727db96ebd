// The openai package: Chat Completions, and Responses beside each.

import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import * as at from "./at.mjs";

const City = z.object({ name: z.string(), people: z.number().int() });
const CHAT_TOOL = { type: "function", function: { name: "weather", parameters: at.WEATHER_SCHEMA } };
const TOOL = { type: "function", name: "weather", parameters: at.WEATHER_SCHEMA, strict: true };
const MESSAGES = [
  { role: "system", content: at.SYSTEM },
  { role: "user", content: at.HELLO },
];

const client = (place) => new OpenAI({ baseURL: `${place.url}/v1`, apiKey: place.key, maxRetries: 0 });

export async function plain(place) {
  const chat = await client(place).chat.completions.create({ model: place.model("plain"), messages: MESSAGES });
  at.same(chat.choices[0].message.content, at.SAID);
  at.same([chat.usage.prompt_tokens, chat.usage.completion_tokens], [11, 5]);
  const told = await client(place).responses.create({
    model: place.model("plain"), instructions: at.SYSTEM, input: at.HELLO,
  });
  at.same(told.output_text, at.SAID);
  at.same([told.usage.input_tokens, told.usage.output_tokens], [11, 5]);
}

export async function stream(place) {
  const chat = await client(place).chat.completions
    .stream({ model: place.model("plain"), messages: MESSAGES, stream_options: { include_usage: true } })
    .finalChatCompletion();
  at.same(chat.choices[0].message.content, at.SAID);
  at.same([chat.usage.prompt_tokens, chat.usage.completion_tokens], [11, 5]);
  const told = await client(place).responses
    .stream({ model: place.model("plain"), instructions: at.SYSTEM, input: at.HELLO })
    .finalResponse();
  at.same(told.output_text, at.SAID);
}

export const tools = (place) => rounds(place, "tools", ["Oslo"], at.SAID_OF_OSLO);
export const parallel = (place) => rounds(place, "parallel", ["Oslo", "Rome"], at.SAID_OF_BOTH);

async function rounds(place, scene, cities, said) {
  for (const streamed of [false, true]) {
    await chatRounds(place, place.model(scene), cities, said, streamed);
    await responsesRounds(place, place.model(scene), cities, said, streamed);
  }
}

async function chatRounds(place, model, cities, said, streamed) {
  const messages = [{ role: "user", content: at.WEATHER }];
  const body = { model, messages, tools: [CHAT_TOOL] };
  const completions = client(place).chat.completions;
  const ask = async () =>
    (streamed ? await completions.stream(body).finalChatCompletion() : await completions.create(body)).choices[0].message;
  const message = await ask();
  at.same(message.tool_calls.map((call) => JSON.parse(call.function.arguments).city), cities);
  messages.push(message);
  messages.push(...message.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: at.TOLD })));
  at.same((await ask()).content, said);
}

async function responsesRounds(place, model, cities, said, streamed) {
  const input = [{ role: "user", content: at.WEATHER }];
  const body = { model, input, tools: [TOOL] };
  const responses = client(place).responses;
  const ask = async () => (streamed ? await responses.stream(body).finalResponse() : await responses.create(body));
  const answer = await ask();
  const calls = answer.output.filter((item) => item.type === "function_call");
  at.same(calls.map((call) => JSON.parse(call.arguments).city), cities);
  input.push(...answer.output.map(({ parsed_arguments: _, ...item }) => item));
  input.push(...calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: at.TOLD })));
  at.same((await ask()).output_text, said);
}

export async function structured(place) {
  const chat = await client(place).chat.completions.parse({
    model: place.model("structured"),
    messages: [{ role: "user", content: at.CITY }],
    response_format: zodResponseFormat(City, "city"),
  });
  at.same(chat.choices[0].message.parsed, at.OSLO);
  const told = await client(place).responses.parse({
    model: place.model("structured"), input: at.CITY, text: { format: zodTextFormat(City, "city") },
  });
  at.same(told.output_parsed, at.OSLO);
}

export async function vision(place) {
  const url = `data:image/png;base64,${at.PICTURE_DATA}`;
  const content = [{ type: "text", text: at.PICTURE }, { type: "image_url", image_url: { url } }];
  const chat = await client(place).chat.completions.create({
    model: place.model("vision"), messages: [{ role: "user", content }],
  });
  at.same(chat.choices[0].message.content, at.DOT);
}

export async function errors(place) {
  for (const [scene, status] of [["limited", 429], ["invalid", 400], ["lockedout", 502], ["nowhere", 404]]) {
    const error = await at.refused(status, () =>
      client(place).chat.completions.create({ model: place.model(scene), messages: MESSAGES }));
    at.same(error instanceof OpenAI.APIError, true);
    await at.refused(status, () => client(place).responses.create({ model: place.model(scene), input: at.HELLO }));
  }
}

export async function cancel(place) {
  const chunks = await client(place).chat.completions.create({
    model: place.model("endless"), messages: MESSAGES, stream: true,
  });
  for await (const chunk of chunks) if (chunk.choices[0].delta.content === " and") break;
  await place.left();
}

export const embeddings = (place) => at.vectors(place, async () => {
  const answer = await client(place).embeddings.create({ model: place.model("embeddings"), input: at.TEXTS });
  return answer.data.map((each) => [...each.embedding]);
});

export async function counting(place) {
  const answer = await client(place).responses.inputTokens.count({ model: place.model("counting"), input: at.HELLO });
  at.counts(place, answer.input_tokens);
}
