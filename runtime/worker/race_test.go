//go:build linux && race

package worker_test

// overhead is how much more memory a worker needs that looks for races.
const overhead = 16
