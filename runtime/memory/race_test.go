//go:build race

package memory_test

// raced says that the race detector is in this program. It takes memory of its own
// for all that is used, and hangs where it gets none.
const raced = true
