// Plays scenes with one client: `node main.mjs use_openai <gateway> <key> <upstream> openai,gemini`.
// Prints one JSON line a scene and upstream: the scene, the language, and what went wrong, or null.

import { At } from "./at.mjs";

const NAMES = ["plain", "stream", "tools", "parallel", "structured", "vision", "errors", "cancel", "embeddings", "counting"];
const [module, url, key, upstreamUrl, languages] = process.argv.slice(2);
const client = await import(`./${module}.mjs`);

for (const language of languages.split(",")) {
  const place = new At(url, key, upstreamUrl, language);
  for (const name of NAMES) {
    if (!client[name]) continue;
    let fault = null;
    try {
      await client[name](place);
    } catch (error) {
      fault = (error.stack ?? String(error)).slice(0, 1000);
    }
    console.log(JSON.stringify([name, language, fault]));
  }
}
process.exit(0);
