// `ai` with @ai-sdk/openai-compatible, which asks Chat Completions.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { scenesOf } from "./ai_scenes.mjs";

export const { plain, stream, tools, parallel, structured, vision, errors, cancel } = scenesOf((place, scene) =>
  createOpenAICompatible({
    name: "lockgate",
    baseURL: `${place.url}/v1`,
    apiKey: place.key,
    supportsStructuredOutputs: true,
  })(place.model(scene)),
);
