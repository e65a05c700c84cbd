//go:build !linux

package sandbox

// On these systems a child ends when its standard input does.
const asServer = "MUSTER_TEST_SERVER"

func serverWithChild() {}
