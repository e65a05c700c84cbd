package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// book writes a line for each thing that happens.
type book struct {
	mu  sync.Mutex
	out io.Writer
}

func (b *book) line(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(b.out, time.Now().Format("15:04:05.000")+"  "+format+"\n", args...)
}

// answered tells how a call for a server ended.
func (b *book) answered(c gameflowtest.Call) {
	kind, server := "start", "no server"
	if c.Fleet {
		kind = "fleet"
	}
	if c.Server != (gameflowtest.Made{}) {
		server = fmt.Sprintf("%s %s:%d", c.Server.Name, c.Server.Address, c.Server.Port)
	}
	b.line("%s  match %q  region %q  %s: %s", kind, c.MatchID, c.Region, c.Behaviour.Name, server)
}

// refused tells what was wrong with a request.
func (b *book) refused(problem string) { b.line("refused  %q", problem) }
