// The kit of tests of hook scripts: what "muster/test" exports, and what runs the
// tests of a file. Each test has a machine of its own, so that one runs at most.
import { equal, matches, show } from "muster:values";

const native = globalThis.__muster_native;
delete globalThis.__muster_native;

const tests = [];
let current; // what the running test has

export function test(name, body) {
  if (typeof name !== "string" || name === "") throw new TypeError("test needs a name as its first argument");
  if (typeof body !== "function") throw new TypeError(`test ${JSON.stringify(name)} needs a function as its second argument`);
  if (current) throw new Error("test cannot be called inside of a test");
  if (tests.some((other) => other.name === name)) throw new Error(`there are two tests with the name ${JSON.stringify(name)}`);
  tests.push({ name, body });
}

// The functions by which the tests of a file are run.
export const rpc = {
  list: () => tests.map(({ name }) => name),
  async run(ctx, index) {
    current = { ctx, open: new Set(), failed: undefined };
    try {
      await tests[index].body(kit(ctx, tests[index].name));
      if (current.failed) throw current.failed;
      for (const forgotten of current.open) throw forgotten;
    } catch (error) {
      throw told(error);
    }
  },
};

const kit = (ctx, name) => ({
  name,
  ctx: context(),
  storage: ctx.storage,
  clock: { now: () => ctx.now(), advance: (ms) => native.advance(ms) },
  random: (seed) => native.random(seed),
  fetch: (url, ...answers) => {
    const rule = url instanceof RegExp ? { pattern: url.source, flags: url.flags } : { url: String(url) };
    native.fetch(rule, answers.map((answer) => (typeof answer === "string" ? { body: answer } : answer)));
  },
  get requests() {
    return native.requests();
  },
  get notices() {
    return native.notices();
  },
  eraseAccount: (accountId) => native.erase(accountId),
});

export function context({ point = "rpc", player: who } = {}) {
  if (!current) throw new Error("context can be used inside of a test only");
  return Object.freeze({ ...current.ctx, point, player: who ?? player("ann") });
}

export function player(id, fields = {}) {
  const { identities = [], ...rest } = fields;
  return {
    accountId: id, username: id, ready: false, bot: id.startsWith("bot-"), connected: true, properties: {}, ...rest,
    identities: identities.map((identity) => ({ provider: "", subject: "", username: "", ...identity })),
  };
}

export function lobby({ teams = {}, size = 4, ...rest } = {}) {
  const made = Object.entries(teams).map(([name, players]) => ({
    name,
    size: Math.max(size, players.length),
    players: players.map((one) => (typeof one === "string" ? player(one) : one)),
  }));
  const owner = made.flatMap((team) => team.players).find((one) => !one.bot);
  return { id: "lobby-1", name: "", ownerId: owner?.accountId ?? "", state: "open", properties: {}, ...rest, teams: made };
}

class Failure extends Error {
  constructor(message, expected, got) {
    super(message);
    this.name = "";
    this.detail = { expected, got };
  }
}

// fail throws a failure, with the stack of another place if one is given.
function fail(message, expected, got, stack) {
  const failure = new Failure(message, expected, got);
  if (stack) failure.stack = stack;
  throw failure;
}

// told makes of what ended a test an error that says so.
function told(error) {
  if (error instanceof Failure) {
    native.detail(error.detail);
    return error;
  }
  const by = { Refusal: "ctx.refuse", Invalid: "ctx.invalid", Unreachable: "ctx.unreachable" }[error?.name];
  if (!by) return error;
  const matcher = by === "ctx.refuse" ? "toRefuse" : "toThrow";
  const known = new Failure(`${by}(${JSON.stringify(error.message)}) ended the test; if that is right: expect(() => …).${matcher}()`);
  known.stack = error.stack;
  return known;
}

export const expect = (actual) => ({ ...matchers(actual, false), not: matchers(actual, true) });

function matchers(actual, not) {
  const no = not ? "not " : "";
  const check = (ok, words, expected) => {
    if (Boolean(ok) === not) fail(`expected ${no}${words}`, no + expected, show(actual));
  };
  return {
    toBe: (wanted) => check(Object.is(actual, wanted), "the same value", show(wanted)),
    toEqual: (wanted) => check(equal(actual, wanted), "an equal value", show(wanted)),
    toMatchObject: (wanted) => check(equal(actual, wanted, true), "an object with these fields", show(wanted)),
    toMatch: (pattern) => check(matches(String(actual), pattern), "a text that matches", show(pattern)),
    toContain: (item) => check(contains(actual, item), "something that contains this", show(item)),
    toHaveLength: (length) => check(actual?.length === length, "this length", `length ${length}`),
    toBeUndefined: () => check(actual === undefined, "undefined", "undefined"),
    toBeDefined: () => check(actual !== undefined, "a value", "a value"),
    toBeNull: () => check(actual === null, "null", "null"),
    toBeTruthy: () => check(actual, "something true", "something true"),
    toBeFalsy: () => check(!actual, "something false", "something false"),
    toBeGreaterThan: (least) => check(actual > least, "a greater number", `more than ${show(least)}`),
    toBeLessThan: (most) => check(actual < most, "a smaller number", `less than ${show(most)}`),
    toBeCloseTo: (near, digits = 2) => check(Math.abs(actual - near) < 10 ** -digits / 2, "a number that is close", `${near}, to ${digits} digits`),
    toThrow: (message) => outcome(actual, (came, stack) => thrown(came, not, message, stack)),
    toRefuse: (reason, playerReasons) => outcome(actual, (came, stack) => refused(came, not, reason, playerReasons, stack)),
  };
}

function thrown(came, not, message, stack) {
  const threw = "error" in came;
  const text = threw ? String(came.error?.message ?? came.error) : "";
  if ((threw && (message === undefined || matches(text, message))) !== not) return;
  const wanted = (not ? "no error" : "an error") + (message === undefined ? "" : ` of ${show(message)}`);
  fail(`expected ${wanted}`, wanted, threw ? String(came.error) : `no error, but ${show(came.value)}`, stack);
}

// refused takes for a refusal whatever the platform takes for one.
function refused(came, not, reason, playerReasons, stack) {
  if ("error" in came && came.error?.name !== "Refusal") throw came.error;
  let no;
  if ("error" in came) no = { reason: came.error.message, playerReasons: came.error.playerReasons ?? {} };
  else if (came.value === false || came.value?.allow === false) no = { reason: came.value.reason ?? "", playerReasons: came.value.playerReasons ?? {} };
  const fits = no && (reason === undefined || matches(no.reason, reason)) && (playerReasons === undefined || equal({ ...no.playerReasons }, playerReasons));
  if (Boolean(fits) !== not) return;
  const told = (what, reasons) => `a refusal${what === undefined ? "" : ` of ${show(what)}`}${playerReasons === undefined ? "" : `, for players ${show(reasons)}`}`;
  const wanted = not ? told(reason, playerReasons).replace("a refusal", "no refusal") : told(reason, playerReasons);
  fail(`expected ${not ? "no refusal" : "a refusal"}`, wanted, no ? told(no.reason, no.playerReasons) : `no refusal, but ${show(came.value)}`, stack);
}

// outcome calls a function, waits for a promise, and tells then what came of it.
function outcome(actual, then) {
  let came = actual;
  if (typeof actual === "function") {
    try {
      came = actual();
    } catch (error) {
      return then({ error });
    }
  }
  if (typeof came?.then !== "function") {
    if (typeof actual !== "function") throw new TypeError("expect needs a function here, or a promise: expect(() => validateStart(t.ctx, lobby))");
    return then({ value: came });
  }
  const { open } = current;
  const forgotten = new Failure("the test was over before this expectation was: write await expect(…)");
  const stack = forgotten.stack;
  open.add(forgotten);
  const done = (result) => {
    open.delete(forgotten);
    try {
      then(result, stack);
    } catch (error) {
      current.failed ??= error; // nobody may be waiting
      throw error;
    }
  };
  return came.then((value) => done({ value }), (error) => done({ error }));
}

function contains(all, item) {
  if (typeof all === "string") return all.includes(item);
  if (typeof all?.[Symbol.iterator] !== "function") return false;
  return [...all].some((one) => equal(one, item));
}
