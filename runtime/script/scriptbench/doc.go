// Package scriptbench measures calls of a hook script: each function that it exports is
// called for a lobby of ten, beside one that does nothing in its place.
package scriptbench
