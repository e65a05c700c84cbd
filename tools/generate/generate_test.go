package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const points = `syntax = "proto3";
package muster.v1;
import "google/protobuf/descriptor.proto";
option go_package = "example.com/m/opt;opt";
extend google.protobuf.ServiceOptions { Point point = 51234; }
message Point { string name = 1; string export = 2; Kind kind = 3; OnFailure on_failure = 4; bool may_refuse = 5; bool spread = 6; }
enum Kind { KIND_UNSPECIFIED = 0; KIND_GATE = 1; }
enum OnFailure { ON_FAILURE_UNSPECIFIED = 0; ON_FAILURE_REFUSE = 1; }
`

const header = `syntax = "proto3";
package muster.v1;
import "opt.proto";
option go_package = "example.com/m/gen;gen";
message Chat { string text = 1; }
message BeforeChatRequest { string room = 1; Chat chat = 2; }
`

const good = header + `
// ChatGate looks at chat.
service ChatGate {
  option (point) = { name: "before_chat" export: "beforeChat" kind: KIND_GATE on_failure: ON_FAILURE_REFUSE spread: true };
  // BeforeChat may change a line.
  rpc BeforeChat(BeforeChatRequest) returns (Chat);
}
`

// generate runs the plugins of this module over one contract.
func generate(t *testing.T, text string, out string, flags ...string) error {
	t.Helper()
	protos := t.TempDir()
	for name, text := range map[string]string{"opt.proto": points, "gen.proto": text} {
		if err := os.WriteFile(filepath.Join(protos, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append(flags, "-proto", protos, "-out", out, "-module", "example.com/m", "go tool protoc-gen-go", "go run ../protoc-gen-muster")
	return run(t.Context(), args)
}

func TestGenerate(t *testing.T) {
	out := t.TempDir()
	if err := generate(t, good, out, "-check"); err == nil || !strings.Contains(err.Error(), "stale, run `make generate`: gen/gen.pb.go, gen/points.gen.go, opt/opt.pb.go") {
		t.Fatalf("nothing is there, and the check says: %v", err)
	}
	if err := generate(t, good, out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "gen/points.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"// ChatGate looks at chat.\n//\n// Point before_chat, script export beforeChat.\ntype ChatGate interface {",
		"\t// BeforeChat may change a line.\n\tBeforeChat(ctx context.Context, room string, chat *Chat) (*Chat, error)\n",
		"PointBeforeChat Point = \"before_chat\"",
		`Info{Export: "beforeChat", Kind: Gate, OnFailure: FailRefuse, MayRefuse: false}`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if err := generate(t, good, out, "-check"); err != nil {
		t.Errorf("fresh files: %v", err)
	}
	// A file that nothing makes any more is stale too, and goes; others stay.
	for _, name := range []string{"old.pb.go", "hand.go"} {
		if err := os.WriteFile(filepath.Join(out, "gen", name), []byte("package gen\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := generate(t, good, out, "-check"); err == nil || !strings.HasSuffix(err.Error(), ": gen/old.pb.go") {
		t.Errorf("a leftover: %v", err)
	}
	if err := generate(t, strings.Replace(good, "may change", "may refuse", 1), out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, "gen/old.pb.go")); err == nil {
		t.Error("the leftover is still there")
	}
	if _, err := os.Stat(filepath.Join(out, "gen/hand.go")); err != nil {
		t.Error(err)
	}
	if err := generate(t, good, out, "-check"); err == nil || !strings.Contains(err.Error(), "points.gen.go") {
		t.Errorf("a comment that changed: %v", err)
	}
}

func TestBadContracts(t *testing.T) {
	service := func(option, method string) string { return header + "service S { " + option + method + " }" }
	const option = `option (point) = { name: "p" export: "p" kind: KIND_GATE on_failure: ON_FAILURE_REFUSE }; `
	const method = `rpc P(BeforeChatRequest) returns (Chat);`
	for name, text := range map[string]string{
		"no option": service("", method), "no name": service(strings.Replace(option, `name: "p"`, "", 1), method),
		"no kind": service(strings.Replace(option, "kind: KIND_GATE", "", 1), method), "no method": service(option, ""),
		"two methods": service(option, method+` rpc Q(Chat) returns (Chat);`), "syntax": header + "service {",
		"two of a name": service(option, method) + "service T { " + option + "rpc Q(Chat) returns (Chat); }",
		"a parameter that is a list": header + `message R { repeated string a = 1; }
service S { option (point) = { name: "p" export: "p" kind: KIND_GATE on_failure: ON_FAILURE_REFUSE spread: true }; rpc P(R) returns (Chat); }`,
	} {
		out := t.TempDir()
		if err := generate(t, text, out); err == nil {
			t.Errorf("%s: taken", name)
		}
		if entries, err := os.ReadDir(out); err != nil || len(entries) > 0 {
			t.Errorf("%s: wrote %v, %v", name, entries, err)
		}
	}
	for _, args := range [][]string{nil, {"-proto", "x"}, {"-proto", t.TempDir(), "-out", "x", "-module", "m", "true"}, {"-no"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%v: taken", args)
		}
	}
}
