//go:build linux

package examples_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// interpreter is Debian's own: other Pythons do not see Debian's packages.
const interpreter = "/usr/bin/python3"

// needPython skips the test, or fails it where CI=true promises what it needs.
func needPython(t *testing.T) {
	t.Helper()
	if exec.Command(interpreter, "-c", "import grpc, google.protobuf").Run() == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no Python with gRPC: bash .ci/install-deps.sh python3-grpcio")
	}
	t.Skip("no " + interpreter + " with grpc; get it with: bash .ci/install-deps.sh python3-grpcio (as root on Debian: apt-get install python3-grpcio python3-protobuf)")
}

// environment lets a plugin of another folder find the glue, and keeps Python from
// leaving files beside it.
func environment() map[string]string {
	glue, err := filepath.Abs("python-validate")
	if err != nil {
		panic(err)
	}
	return map[string]string{"PYTHONPATH": glue, "PYTHONDONTWRITEBYTECODE": "1"}
}

// pythonOptions run a script with these settings beside its defaults.
func pythonOptions(script string, settings map[string]any) process.Options {
	return process.Options{
		Name: "tested", Command: []string{interpreter, script}, Env: environment(), Development: true,
		Configure: func(schema []*pluginpb.Setting) (*structpb.Struct, error) {
			all := &structpb.Struct{Fields: map[string]*structpb.Value{}}
			for _, s := range schema {
				all.Fields[s.GetName()] = s.GetDefault()
				if s.GetDefault() == nil {
					all.Fields[s.GetName()] = structpb.NewStringValue("")
				}
			}
			for name, value := range settings {
				v, err := structpb.NewValue(value)
				if err != nil {
					return nil, err
				}
				all.Fields[name] = v
			}
			return all, nil
		},
	}
}

// begin starts a plugin, closes it at the test's end, and sees that nothing is left.
func begin(t *testing.T, o process.Options) *process.Process {
	t.Helper()
	needPython(t)
	p, err := process.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pid := p.Status().PID
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if alive(pid) {
			t.Errorf("process %d is left", pid)
		}
	})
	return p
}

// logged keeps the log lines of o.
func logged(o *process.Options) *observer.ObservedLogs {
	core, kept := observer.New(zap.DebugLevel)
	o.Logger = zap.New(core)
	return kept
}

// wants fails unless err's text has every part.
func wants(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%.300q does not say %q", err, part)
		}
	}
}

// alive says whether there is a process that is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest == "" || rest[0] != 'Z' && rest[0] != 'X'
}

// until waits for something.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for tick := time.NewTicker(5 * time.Millisecond); !is(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never %s", what)
		}
	}
}
