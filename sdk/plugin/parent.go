package plugin

import (
	"io"
	"os"
	"time"
)

// parentEvery is how often the parent's process id is looked at.
const parentEvery = time.Second

// endWithParent ends the process when the one that started it is gone, however it
// went. Standard input is a pipe that nobody writes to: it ends with its other end.
// Where it is none, the change of the parent's id tells. (On Linux the kernel ends
// the process already.) Both goroutines live as long as the process.
func endWithParent() {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	parent := os.Getppid()
	go func() {
		for range time.Tick(parentEvery) {
			if os.Getppid() != parent {
				os.Exit(0)
			}
		}
	}()
}
