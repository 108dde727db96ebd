// Where a client's scene plays, and what every client is told in it; as python/at.py.

import assert from "node:assert/strict";

export const SYSTEM = "Be brief.";
export const HELLO = "Say hello, wörld.";
export const WEATHER = "How warm is it in Oslo?";
export const CITY = "Tell me of Oslo.";
export const PICTURE = "What is this?";
export const TOLD = "4 degrees";
export const PICTURE_DATA =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

export const SAID = "Hello, wörld!";
export const SAID_OF_OSLO = "It is 4 degrees in Oslo.";
export const SAID_OF_BOTH = "Oslo 4, Rome 4.";
export const OSLO = { name: "Oslo", people: 709000 };
export const DOT = "A red dot.";

export const WEATHER_SCHEMA = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

export const TEXTS = ["one", "zwei"];
export const VECTORS = [[0.25, -0.5], [1, 0]];

export const same = assert.deepEqual;

export class At {
  constructor(url, key, upstreamUrl, language) {
    Object.assign(this, { url, key, upstreamUrl, language });
  }

  model(scene) {
    return `${scene}-${this.language}`;
  }

  // The upstream has noticed that nobody listens any more.
  async left() {
    for (let tries = 0; tries < 400; tries++) {
      if ((await (await fetch(`${this.upstreamUrl}/open`)).json()) === 0) return;
      await new Promise((done) => setTimeout(done, 25));
    }
    assert.fail("the upstream still has a caller");
  }
}

// `found` gives the vectors; Anthropic makes none, and that is said.
export async function vectors(place, found) {
  if (place.language === "anthropic") await refused(400, found);
  else same(await found(), VECTORS);
}

// The upstream's own count; that of one which does not count is estimated.
export function counts(place, found) {
  assert.ok(place.language === "openai" ? found >= 3 && found <= 60 : found === 42, String(found));
}

// The error of this status that `act` throws.
export async function refused(status, act) {
  try {
    await act();
  } catch (error) {
    const cause = error.lastError ?? error;
    assert.equal(cause.status ?? cause.statusCode, status, String(cause));
    return cause;
  }
  assert.fail(`nothing of status ${status} was thrown`);
}
