// `ai` with @ai-sdk/openai, which asks the Responses API.

import { createOpenAI } from "@ai-sdk/openai";
import { scenesOf } from "./ai_scenes.mjs";

export const { plain, stream, tools, parallel, structured, vision, errors, cancel } = scenesOf((place, scene) =>
  createOpenAI({ baseURL: `${place.url}/v1`, apiKey: place.key })(place.model(scene)),
);
