// `ai` with @ai-sdk/anthropic.

import { createAnthropic } from "@ai-sdk/anthropic";
import { scenesOf } from "./ai_scenes.mjs";

export const { plain, stream, tools, parallel, structured, vision, errors, cancel } = scenesOf((place, scene) =>
  createAnthropic({ baseURL: `${place.url}/v1`, apiKey: place.key })(place.model(scene)),
);
