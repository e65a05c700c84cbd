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
import "google/protobuf/struct.proto";
import "opt.proto";
option go_package = "example.com/m/gen;gen";
// Chat is a line */ in sent_at order.
message Chat {
  string text = 1;
  // SentAt is when.
  int64 sent_at = 2;
  optional double stars = 3;
  Chat to = 4;
  map<string, uint32> tags = 5;
  repeated google.protobuf.Value free = 6;
}
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

// process is a service that is no point.
const process = `syntax = "proto3";
package muster.v1;
option go_package = "example.com/m/pb;pb";
message Ask { bytes key = 1; }
service Process { rpc Describe(Ask) returns (Ask); rpc Stop(Ask) returns (Ask); }
`

// generate runs the plugins of this module over one contract.
func generate(t *testing.T, text string, out string, flags ...string) error {
	t.Helper()
	protos := t.TempDir()
	for name, text := range map[string]string{"opt.proto": points, "gen.proto": text, "pb.proto": process} {
		if err := os.WriteFile(filepath.Join(protos, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append(flags, "-proto", protos, "-out", out, "-module", "example.com/m",
		"go tool protoc-gen-go", "pb: go tool protoc-gen-go-grpc", "go run ../protoc-gen-muster")
	return run(t.Context(), args)
}

func TestGenerate(t *testing.T) {
	out := t.TempDir()
	if err := generate(t, good, out, "-check"); err == nil || !strings.Contains(err.Error(), "stale, run `make generate`: gen/calls.gen.go, gen/gen.pb.go, gen/points.gen.go, js/muster.d.ts, opt/opt.pb.go, pb/pb.pb.go, pb/pb_grpc.pb.go") {
		t.Fatalf("nothing is there, and the check says: %v", err)
	}
	if err := generate(t, good, out); err != nil {
		t.Fatal(err)
	}
	contains(t, filepath.Join(out, "gen/points.gen.go"),
		"// ChatGate looks at chat.\n//\n// Point before_chat, script export beforeChat.\ntype ChatGate interface {",
		"\t// BeforeChat may change a line.\n\tBeforeChat(ctx context.Context, room string, chat *Chat) (*Chat, error)\n",
		"PointBeforeChat Point = \"before_chat\"",
		`Info{Export: "beforeChat", Kind: Gate, OnFailure: FailRefuse, MayRefuse: false,`,
		`Service: "muster.v1.ChatGate", Method: "BeforeChat", Spread: true, Lone: false}`,
	)
	contains(t, filepath.Join(out, "gen/calls.gen.go"),
		"return h.BeforeChat(ctx, r.GetRoom(), r.GetChat())",
		"_ ChatGate = Remote{}",
		"return invoke[Chat](ctx, r.Invoker, PointBeforeChat, &BeforeChatRequest{Room: room, Chat: chat})",
	)
	contains(t, filepath.Join(out, "js/muster.d.ts"),
		"beforeChat?: BeforeChat;",
		"  /**\n   * BeforeChat looks at chat.\n   *\n   * BeforeChat may change a line.\n   */\n",
		"export type BeforeChat = (ctx: Context, room: string, chat: Chat) => Answer<Partly<Chat> | Nothing>;",
		"  /** Chat is a line *\\/ in sentAt order. */\n  export interface Chat {\n    text: string;\n    /** sentAt is when. */\n    sentAt: number;\n"+
			"    stars?: number;\n    to?: Chat;\n    tags: Record<string, number>;\n    free: Json[];\n  }\n",
	)
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

// contains checks that each text is in the file.
func contains(t *testing.T, file string, wants ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range wants {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
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
		"two of a name":                      service(option, method) + "service T { " + option + "rpc Q(Chat) returns (Chat); }",
		"one without the option":             service(option, method) + "service T { rpc Q(Chat) returns (Chat); }",
		"an export's type that is a message": service(strings.Replace(option, `export: "p"`, `export: "chat"`, 1), method),
		"bytes in a script":                  service(option, "rpc P(R) returns (Chat);") + " message R { bytes b = 1; }",
		"numbers as keys":                    service(option, "rpc P(R) returns (Chat);") + " message R { map<int32, string> m = 1; }",
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
	for _, args := range [][]string{nil, {"-proto", "x"}, {"-proto", t.TempDir(), "-out", "x", "-module", "m", "true"}, {"-no"},
		{"-proto", "../../sdk/proto", "-out", "x", "-module", "m", "sdk/none: true"}, {"-proto", "../../sdk/proto", "-out", "x", "-module", "m", "sdk/hook:"},
		{"-proto", "../../sdk/proto", "-out", "x", "-module", "m", " "}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%v: taken", args)
		}
	}
}
