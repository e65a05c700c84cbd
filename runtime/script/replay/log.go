package replay

import (
	"encoding/json"
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// log keeps what the script logs.
type log struct {
	core *zap.Logger
	seen *observer.ObservedLogs
}

func newLog() *log {
	core, seen := observer.New(zap.DebugLevel)
	return &log{zap.New(core), seen}
}

// lines are what was logged, each as a person reads it.
func (l *log) lines() []string {
	var lines []string
	for _, e := range l.seen.All() {
		fields := e.ContextMap()
		text := fmt.Sprintf("%s: %s", e.Level, e.Message)
		if own, ok := fields["fields"]; ok {
			if data, err := json.Marshal(own); err == nil {
				text += " " + string(data)
			}
		}
		for _, key := range []string{"error", "at"} {
			if v, ok := fields[key]; ok {
				text += fmt.Sprintf(" (%v)", v)
			}
		}
		lines = append(lines, text)
	}
	return lines
}
