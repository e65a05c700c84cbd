// Runs in every machine before the script: takes away what hooks must not have.
// Nothing here may be reached by the script afterwards, so all is inside a function.
(() => {
  const define = Object.defineProperty;
  const construct = Reflect.construct;

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

  // Buffers take their memory at once, and nothing in the engine limits it.
  const largest = 16 * 1024 * 1024;
  for (const name of [
    "ArrayBuffer", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array",
    "Uint32Array", "Float32Array", "Float64Array",
  ]) {
    const Native = globalThis[name];
    const width = Native.BYTES_PER_ELEMENT ?? 1;
    const Capped = function (...args) {
      if (!new.target) throw new TypeError(name + " must be called with new");
      if (args[0] * width > largest) throw new RangeError(name + " of over " + largest + " bytes is too much for a hook");
      return construct(Native, args, new.target === Capped ? Native : new.target);
    };
    Object.setPrototypeOf(Capped, Native); // its from, of and the like
    define(Capped, "name", { value: name });
    define(Capped, "prototype", { value: Native.prototype, writable: false });
    define(Native.prototype, "constructor", { value: Capped, writable: true, configurable: true });
    define(globalThis, name, { value: Capped, writable: true, configurable: true });
  }

  for (const name of ["Proxy", "BigInt", "BigInt64Array", "BigUint64Array"]) delete globalThis[name];
  for (const name of ["getBigInt64", "getBigUint64", "setBigInt64", "setBigUint64"]) delete DataView.prototype[name];
})();
