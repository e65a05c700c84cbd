// Package worker runs a script in a process of its own: the same engine as package
// script, so that whatever the script does costs that process and no other game.
// The process is this very program, started again with the arguments of Args; its
// main function calls Serve when Started says so.
//
// What contains a script that the engine cannot hold:
//
//   - A call that has not come back Grace after its deadline ends the process.
//   - The kernel bounds what it may allocate, and a watcher what of that it may use
//     (on Linux; elsewhere the engine only tries to stay below the limit).
//   - Another process stands ready, so that the next call need not wait for a start.
//   - Of the calls under way in a process that ends, the one to blame fails; the others
//     are made again unless they have changed something.
//   - The process stands back behind the server, and has half of the processors.
//
// The server bundles; the process is handed the bundle and reads no file.
package worker
