// `ai` with @ai-sdk/openai-compatible, which asks Chat Completions.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embeddingsOf, scenesOf } from "./ai_scenes.mjs";

const made = (place) =>
  createOpenAICompatible({
    name: "lockgate",
    baseURL: `${place.url}/v1`,
    apiKey: place.key,
    supportsStructuredOutputs: true,
  });

export const { plain, stream, tools, parallel, structured, vision, errors, cancel } = scenesOf((place, scene) =>
  made(place)(place.model(scene)),
);
export const embeddings = embeddingsOf((place) => made(place).embeddingModel(place.model("embeddings")));
