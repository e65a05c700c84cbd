// Package script hosts hooks that are written in JavaScript or TypeScript: it
// bundles a script with what it imports, finds the extension points that it
// exports, and serves them in a small pool of virtual machines.
//
// A machine belongs to one version of one script. Its goroutine alone runs it, one
// call after another, so that state of a module may or may not survive a call, and
// nobody else's code ever runs in it. What a call is given is converted when it is
// read; what it answers is converted by the contract's types, as untrusted input.
// A call ends at its deadline; a machine that was stopped is thrown away.
//
// # What embedded isolation holds, and what not
//
// A script runs inside of the server. The engine ends code of the script at the
// deadline, and nothing else: a function of the engine runs until it is done, and
// nothing in the engine limits memory or, in its own functions, depth. So
//
//   - guards stand in front of the functions of the engine (guard.go). They end a call
//     that is over, and refuse at once, with a RangeError that says so, what takes long
//     or makes much: lists of over 131072 items, texts of over 4194304 characters where
//     one is made and 1048576 where one is gone through, 65536 keys or parts, arguments
//     of as many, buffers of over 4 MiB, lists within lists over 500 levels deep;
//   - a program is changed a little before it is compiled (rewrite.go), where the engine
//     does much in one step without any function: what is spread, texts that are added
//     to themselves, long templates. BigInt literals are refused;
//   - one search with a regular expression takes 25 ms at most if it tries many ways to
//     match, and fails the call if that is not enough (regexp.go). One that need not is
//     bounded by the length of its text times its size;
//   - the memory of the process is looked at every 2 ms while calls run, and whenever
//     guards have let 16 MiB be made (memory.go). When it grew by over 64 MiB since the
//     call began, with garbage collected, or by over 128 MiB more than is in use, the
//     call fails;
//   - code cannot be made from text, and nothing that is behind a guard can be reached.
//
// A call therefore ends at most some 50 ms after its deadline, and the server is at
// most some 300 MiB larger meanwhile. That holds for mistakes, and for most of what is
// done on purpose. It does not hold for everything, which is what isolation =
// "process" is for. These get around it:
//
//   - recursion of the engine without a guard in it, which overflows the stack of the
//     process and so ends the server:
//     const o = {}; o.valueOf = Number.bind(null, o); return +o
//   - an endless loop of the engine without a guard in it, which takes one processor
//     for good: for (const [...x] of [{ [Symbol.iterator]: () => ({ next: Object }) }]) ;
//     new Set().union({ size: 1, has: () => 1, keys: () => ({ next: Object }) })
//   - texts that grow between two looks at the memory, where the computer is busy:
//     let a = "x", b = "y"; for (;;) { a += b; b += a }
//     stopped at 64 to 128 MiB on an idle computer, at twice as much on a busy one;
//   - operators on large values: a text of 50 MB, made with +, is compared, converted or
//     used as a key in one step of 10 to 100 ms;
//   - work on what the script has built in its time, which may take some ten times as
//     long as building it: Object.entries of an object with 300000 keys;
//   - memory that is kept from call to call in a variable of the module, up to 64 MiB a
//     call, until the machine has served a thousand calls:
//     const kept = []; export const rpc = { f: () => { kept.push(new Array(1e5).fill(0)); } };
//   - what a script changes about the functions of its own machine, for its next calls:
//     Array.prototype.map = () => [];
//   - the memory of other calls of the server: a call that runs for long while others
//     make the server grow is stopped in their place.
package script
