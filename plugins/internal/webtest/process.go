package webtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// Logs collects what plugins that are started from now on log in this process.
func Logs(t testing.TB) func() string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = file
	t.Cleanup(func() {
		os.Stderr = before
		_ = file.Close()
	})
	return func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// Program is a plugin as the server runs it.
type Program struct {
	*process.Process
	lines *observer.ObservedLogs
}

// Logs is what the server logged of the plugin, and the plugin through it.
func (p *Program) Logs() string {
	var text strings.Builder
	for _, line := range p.lines.All() {
		fmt.Fprintln(&text, line.Message, line.ContextMap())
	}
	return text.String()
}

// Says waits until the plugin has logged a text: its lines come by another way than
// its answers, and later.
func (p *Program) Says(t testing.TB, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(p.Logs(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never said %q: %s", text, p.Logs())
		}
	}
}

// Run builds the program of the folder that the test runs in, and starts it with
// these settings, beside the defaults of the others.
func Run(t testing.TB, settings map[string]any) *Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.Chmod(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	core, lines := observer.New(zap.DebugLevel)
	p, err := process.Start(t.Context(), process.Options{
		Name: "tested", Command: []string{path}, Development: true, Logger: zap.New(core), Timing: process.Timing{Start: time.Minute},
		Configure: func(schema []*pluginpb.Setting) (*structpb.Struct, error) {
			all := map[string]any{}
			for _, s := range schema {
				if all[s.GetName()] = s.GetDefault().AsInterface(); s.GetDefault() == nil {
					delete(all, s.GetName())
				}
				if v, given := settings[s.GetName()]; given {
					all[s.GetName()] = v
				}
			}
			return structpb.NewStruct(all)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &Program{p, lines}
}

// Documented fails the test unless the plugin says what it is and what each of its
// settings is for, and that the named ones alone are secret.
func (p *Program) Documented(t testing.TB, name string, secret ...string) {
	t.Helper()
	d := p.Description()
	if d.GetName() != name || d.GetVersion() == "" || d.GetDoc() == "" || fmt.Sprint(d.GetPoints()) != "[authenticate]" {
		t.Errorf("it says %v", d)
	}
	var secrets []string
	for _, s := range d.GetSettings() {
		if s.GetDoc() == "" {
			t.Errorf("the setting %s has no doc", s.GetName())
		}
		if s.GetSecret() {
			secrets = append(secrets, s.GetName())
		}
	}
	if fmt.Sprint(secrets) != fmt.Sprint(secret) {
		t.Errorf("secret are %v, want %v", secrets, secret)
	}
}
