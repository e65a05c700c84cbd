// Package process hosts hooks that are programs of their own: it starts a plugin,
// checks what it says of itself, hands over its settings, carries the calls of its
// extension points to it over gRPC, and starts it again when it dies.
//
// Nothing that a plugin sends is trusted: what it describes is checked here, what
// its hooks answer is checked by whoever asked. A plugin has the environment that
// it is given and no other, and never outlives the server.
package process
