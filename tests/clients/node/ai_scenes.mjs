// The scenes of Vercel's `ai`, for whichever provider: `model(place, scene)` makes a model.

import { embedMany, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import * as at from "./at.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false; // they are printed where the results are

const City = z.object({ name: z.string(), people: z.number().int() });

export function scenesOf(model) {
  const hello = (place, scene) => ({ model: model(place, scene), system: at.SYSTEM, prompt: at.HELLO, maxRetries: 0 });

  async function rounds(place, scene, cities, said) {
    for (const ask of [generateText, streamText]) {
      const told = [];
      const weather = tool({
        description: "Tells.",
        inputSchema: z.object({ city: z.string() }),
        execute: ({ city }) => (told.push(city), at.TOLD),
      });
      const answer = await ask({
        model: model(place, scene), prompt: at.WEATHER, tools: { weather }, stopWhen: stepCountIs(3), maxRetries: 0,
      });
      at.same(await answer.text, said);
      at.same(told, cities);
    }
  }

  return {
    async plain(place) {
      const answer = await generateText(hello(place, "plain"));
      at.same([answer.text, answer.finishReason], [at.SAID, "stop"]);
      at.same([answer.usage.inputTokens, answer.usage.outputTokens], [11, 5]);
    },
    async stream(place) {
      const answer = streamText(hello(place, "plain"));
      let text = "";
      for await (const piece of answer.textStream) text += piece;
      at.same([text, await answer.finishReason], [at.SAID, "stop"]);
    },
    tools: (place) => rounds(place, "tools", ["Oslo"], at.SAID_OF_OSLO),
    parallel: (place) => rounds(place, "parallel", ["Oslo", "Rome"], at.SAID_OF_BOTH),
    async structured(place) {
      const answer = await generateText({
        model: model(place, "structured"), prompt: at.CITY, output: Output.object({ schema: City }), maxRetries: 0,
      });
      at.same(answer.output, at.OSLO);
    },
    async vision(place) {
      const image = Buffer.from(at.PICTURE_DATA, "base64");
      const content = [{ type: "text", text: at.PICTURE }, { type: "image", image, mediaType: "image/png" }];
      const answer = await generateText({
        model: model(place, "vision"), messages: [{ role: "user", content }], maxRetries: 0,
      });
      at.same(answer.text, at.DOT);
    },
    async errors(place) {
      for (const [scene, status] of [["limited", 429], ["invalid", 400], ["lockedout", 502], ["nowhere", 404]]) {
        await at.refused(status, () => generateText(hello(place, scene)));
      }
    },
    async cancel(place) {
      const stop = new AbortController();
      const answer = streamText({ ...hello(place, "endless"), abortSignal: stop.signal });
      for await (const piece of answer.textStream) if (piece === " and") stop.abort();
      await place.left();
    },
  };
}

export const embeddingsOf = (model) => (place) => at.vectors(place, async () =>
  (await embedMany({ model: model(place), values: at.TEXTS, maxRetries: 0 })).embeddings);
