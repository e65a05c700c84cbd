import type { Context, HookError, Json } from "muster";

interface Step {
  do: string;
  account?: string;
  key: string;
  keys: string[];
  value?: Json;
  version?: number;
  prefix?: string;
  after?: string;
  limit?: number;
  kind: string;
}

/** Does one step after the other and answers what each of them did. */
export async function runSteps(ctx: Context, steps: Step[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const step of steps) {
    try {
      results.push((await run(ctx, step)) ?? null);
    } catch (error) {
      const { code } = error as HookError;
      if (code === undefined) throw error;
      results.push({ code });
    }
  }
  return results;
}

function run(ctx: Context, s: Step): Promise<unknown> {
  const storage = s.account ? ctx.storage.account(s.account) : ctx.storage;
  const when = s.version === undefined ? undefined : { version: s.version };
  switch (s.do) {
    case "get":
      return storage.get(s.key);
    case "getMany":
      return storage.getMany(s.keys);
    case "entry":
      return storage.entry(s.key);
    case "set":
      return storage.set(s.key, s.value, when);
    case "delete":
      return storage.delete(s.key, when);
    case "list":
      return storage.list({ prefix: s.prefix, after: s.after, limit: s.limit });
    case "update":
      return storage.update<unknown[]>(s.key, (old) => [...(old ?? []), s.value]);
    case "notify":
      return ctx.notify(s.account ?? "", s.kind, s.value);
  }
  throw new Error(`there is no step "${s.do}"`);
}
