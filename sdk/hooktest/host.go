package hooktest

import "github.com/muster-gg/muster/sdk/hook/memhost"

// Host is a platform in memory, for one game.
type Host = memhost.Host

// Notice is what an account was told.
type Notice = memhost.Notice

// NewHost returns an empty platform that has these accounts; with none named, every
// account exists.
func NewHost(accounts ...string) *Host { return memhost.New(accounts...) }
