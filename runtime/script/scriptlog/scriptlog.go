// Package scriptlog keeps what scripts log, as a person reads it: for tests of scripts,
// and for calls that are replayed.
package scriptlog

import (
	"encoding/json"
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// Log keeps what is logged to its logger; a nil Log has none. It may be used from
// many goroutines at once.
type Log struct {
	core *zap.Logger
	seen *observer.ObservedLogs
}

// New returns an empty Log.
func New() *Log {
	core, seen := observer.New(zap.DebugLevel)
	return &Log{zap.New(core), seen}
}

// Logger is what script.Options get.
func (l *Log) Logger() *zap.Logger {
	if l == nil {
		return nil
	}
	return l.core
}

// Lines are what was logged so far, each as a person reads it.
func (l *Log) Lines() []string {
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
