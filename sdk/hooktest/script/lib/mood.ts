import type { Context } from "muster";

/** Does what a word asks for, at once; nothing for any other word. */
export function mood(ctx: Context, word: string): void {
  switch (word) {
    case "refuse":
      return ctx.refuse("not today");
    case "refuse some":
      return ctx.refuse("sorry, 日本", { a1: "you are late", 'ä "2"': "é\n🎮" });
    case "refuse quietly":
      return ctx.refuse("");
    case "invalid":
      return ctx.invalid("that is no request");
    case "unreachable":
      return ctx.unreachable(new Error("no route"));
    case "fail":
      throw new Error("broken rule");
    case "wait":
      for (;;);
  }
}

/** Does what a word asks for, some of it after a look at the storage. */
export async function moodLater(ctx: Context, word: string): Promise<void> {
  if (word === "wait later") for (;;) await ctx.storage.get("none");
  if (!word.endsWith(" later")) return mood(ctx, word);
  await ctx.storage.get("none");
  mood(ctx, word.slice(0, -" later".length));
}
