// Package scripttest runs the tests of hook scripts: files like arena.test.ts beside
// them, which import their functions, and the kit from "muster/test". Tests run in the
// engine that serves games, with its limits; each one has a machine, a clock, a
// storage and a seed of its own, so that it comes out the same wherever it runs.
package scripttest
