package process

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestLines(t *testing.T) {
	core, kept := observer.New(zap.DebugLevel)
	l := &logs{to: zap.New(core)}
	l.hide([]string{"abc", "hunter2", "hunter2 and more", ""})
	for _, c := range []struct {
		stream, line, message string
		level                 zapcore.Level
	}{
		{"stderr", `{"@level":"error","@message":"m"}`, "m", zap.ErrorLevel},
		{"stderr", `{"@level":"trace","@message":"m"}`, "m", zap.DebugLevel},
		{"stderr", `{"@level":7,"@message":"m"}`, `{"@level":7,"@message":"m"}`, zap.InfoLevel},
		{"stderr", `{"@level":"info","@message":1}`, `{"@level":"info","@message":1}`, zap.InfoLevel},
		{"stderr", `{"a":`, `{"a":`, zap.InfoLevel},
		{"stdout", `{"@level":"error","@message":"m"}`, `{"@level":"error","@message":"m"}`, zap.InfoLevel},
		{"stderr", "[WARN] w", "[WARN] w", zap.WarnLevel},
		{"stderr", "[DEBUG] d", "[DEBUG] d", zap.DebugLevel},
		{"stderr", "abc hunter2 and more, hunter2", "abc (masked), (masked)", zap.InfoLevel},
		{"stdout", "panic: not here", "panic: not here", zap.InfoLevel},
		{"stderr", "fatal error: all goroutines are asleep", "fatal error: all goroutines are asleep", zap.ErrorLevel},
		{"stderr", "goroutine 1 [select]:", "goroutine 1 [select]:", zap.ErrorLevel},
	} {
		l.line(c.stream, c.line)
		got := kept.TakeAll()
		if len(got) != 1 || got[0].Message != c.message || got[0].Level != c.level {
			t.Errorf("%s: %v, want %s %q", c.line, got, c.level, c.message)
		}
	}
}

func TestLastWordsCountMost(t *testing.T) {
	o := newOutput(func(_, line string) string { return line }, nil)
	for _, line := range []string{"before", "panic: boom", "goroutine 1", strings.Repeat("x", 2*tailBytes), "after"} {
		o.remember(line)
	}
	if got := o.printed(); !strings.HasPrefix(got, "panic: boom\ngoroutine 1\nxxx") || len(got) > tailBytes {
		t.Errorf("%q", got)
	}
}

// FuzzOutput feeds what a plugin may print: nothing of it may harm the server.
func FuzzOutput(f *testing.F) {
	f.Add("1|1|unix|/tmp/x|grpc|\n", `{"@level":"info","@message":"m","@timestamp":3,"k":[{"a":null}]}`)
	f.Add("noise 1|2|tcp|::|netrpc", "panic: x\n\x00\xff")
	f.Fuzz(func(t *testing.T, out, err string) {
		l := &logs{to: zap.NewNop()}
		o := newOutput(l.line, func(greeting) bool { return true })
		go func() {
			eachLine(strings.NewReader(err), func(line string) { o.remember(l.line("stderr", line)) })
			eachLine(strings.NewReader(out), func(line string) {
				if o.greeting() == nil && o.greet(line) {
					return
				}
				o.remember(l.line("stdout", line))
			})
			o.forward.Close()
		}()
		data, failed := io.ReadAll(o.handshake)
		if failed != nil || strings.Count(string(data), "\n") > 1 || len(o.printed()) > tailBytes {
			t.Errorf("%q %v", data, failed)
		}
	})
}

// TestFloods holds that a plugin which prints without end fills no disk, and is heard
// again when it has stopped.
func TestFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, kept := observer.New(zap.DebugLevel)
		l := &logs{to: zap.New(core)}
		const second = floodLines * (floodBurst + 1)
		for range 100 * second {
			l.line("stderr", "again and again")
		}
		if n := len(kept.TakeAll()); n != floodBurst*floodLines+1 {
			t.Errorf("%d lines of a burst", n)
		}
		if got := l.line("stderr", "panic: last words"); got != "panic: last words" {
			t.Errorf("last words are lost: %q", got)
		}
		l.panicking.Store(false)
		time.Sleep(time.Second)
		l.line("stdout", "quiet again")
		got := kept.TakeAll()
		if len(got) != 2 || got[0].ContextMap()["dropped"] != int64(99*second+floodLines+1) || got[1].Message != "quiet again" {
			t.Errorf("%v", got)
		}
		time.Sleep(time.Minute)
		for range 1000 {
			l.line("stdout", strings.Repeat("x", maxLine))
		}
		if n := len(kept.TakeAll()); n != floodBurst*floodBytes/maxLine+1 {
			t.Errorf("%d long lines", n)
		}
	})
}
