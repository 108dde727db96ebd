// `ai` with @ai-sdk/openai, which asks the Responses API.

import { createOpenAI } from "@ai-sdk/openai";
import { embeddingsOf, scenesOf } from "./ai_scenes.mjs";

const made = (place) => createOpenAI({ baseURL: `${place.url}/v1`, apiKey: place.key });

export const { plain, stream, tools, parallel, structured, vision, errors, cancel } = scenesOf((place, scene) =>
  made(place)(place.model(scene)),
);
export const embeddings = embeddingsOf((place) => made(place).embeddingModel(place.model("embeddings")));
