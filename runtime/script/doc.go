// Package script hosts hooks that are written in JavaScript or TypeScript: it
// bundles a script with what it imports, finds the extension points that it
// exports, and serves them in a small pool of virtual machines.
//
// A machine belongs to one version of one script. Its goroutine alone runs it, one
// call after another, so that state of a module may or may not survive a call, and
// nobody else's code ever runs in it. What a call is given is converted when it is
// read; what it answers is converted by the contract's types, as untrusted input.
// A call ends at its deadline; a machine that was stopped is thrown away.
package script
