// Package hooktest holds the cases that hooks must pass however they are hosted.
//
// Rules are hooks for every point, written in Go, and ScriptDir holds the same rules
// in TypeScript. Exercise calls them, wherever they run, and demands the same
// answers, errors, entries and notices. ExerciseStorage does the same for what
// keeps the entries. Host is a platform in memory, which tests of hooks may use.
package hooktest
