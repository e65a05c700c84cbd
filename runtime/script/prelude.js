// Runs in every machine before the script: takes away what hooks must not have.
// Nothing here may be reached by the script afterwards, so all is inside a function.
(() => {
  const define = Object.defineProperty;

  // Code from text would get around the bundler, and the compiler can be made to
  // overflow the stack of the whole process.
  const denied = (name) => {
    const f = function () {
      throw new TypeError(name + " is not available in hooks: code cannot be made from text");
    };
    define(f, "name", { value: name });
    return f;
  };
  for (const [name, sample] of [
    ["Function", function () {}],
    ["AsyncFunction", async () => {}],
    ["GeneratorFunction", function* () {}],
  ]) {
    const prototype = Object.getPrototypeOf(sample);
    const stub = denied(name);
    define(stub, "prototype", { value: prototype, writable: false });
    define(prototype, "constructor", { value: stub, writable: false, configurable: false });
    // x instanceof Function must go on working.
    if (name === "Function") define(globalThis, name, { value: stub, writable: true, configurable: true });
  }
  define(globalThis, "eval", { value: denied("eval"), writable: true, configurable: true });

  for (const name of ["Proxy", "BigInt", "BigInt64Array", "BigUint64Array"]) delete globalThis[name];
  for (const name of ["getBigInt64", "getBigUint64", "setBigInt64", "setBigUint64"]) delete DataView.prototype[name];

  // Guards call it to end a call that was stopped: code of this kind heeds that.
  return () => {};
})();
