import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Muster } from "../muster.js";
import { MemoryStorage } from "./fakes.mjs";

// The declarations are written by hand: they must know the members that are there.
test("muster-client.d.ts declares the class as it is", () => {
  const text = readFileSync(new URL("../muster-client.d.ts", import.meta.url), "utf8");
  const body = text.slice(text.indexOf("export class Muster {"));
  const declared = [...body.matchAll(/^  (?:readonly )?(\w+)[<(:]/gm)].map(([, name]) => name);
  const real = [...Object.getOwnPropertyNames(Muster.prototype), ...Object.keys(new Muster({ url: "http://h", storage: new MemoryStorage() }))];
  assert.deepEqual(declared.sort(), real.sort());
});
