// Package sandbox runs bounded pieces of this program's own work in child processes:
// the bundling of scripts, and their tests. What such a piece does to its process
// costs that process alone: a source that is nested until the stack ends, one that the
// compiler does not come to the end of, a test that allocates without bound.
//
// The process is this very program, started again with the arguments of Args; its
// main function calls Serve when Started says so. It bounds its memory and its stack
// before it reads anything, is given its work on standard input, and answers on
// standard output. (The memory is bounded on Linux; elsewhere the collector only tries to
// stay below.) The parent bounds its time, and how much it may answer, and takes
// nothing of the answer on trust: the worst of children gets a bundle compiled that
// is another one, and that runs as every script does.
package sandbox
