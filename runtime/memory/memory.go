// Package memory bounds how much memory processes use that run code which is not
// trusted: scripts with a process of their own, plugins, bundlers. On Linux the
// kernel keeps the bound for what a process allocates, and a watcher for what it
// uses; elsewhere nobody does, and Kept says so.
package memory

// arena is by how much Go's heap grows at once. Without room for one more the kernel
// would end a process before its collector has seen how much there is.
const arena = 64 << 20
