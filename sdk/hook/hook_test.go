package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
)

func TestEveryPointIsComplete(t *testing.T) {
	exports := map[string]hook.Point{}
	for _, p := range hook.Points() {
		info, ok := p.Info()
		if !ok || info.Export == "" {
			t.Errorf("%s: %+v", p, info)
		}
		if other, taken := exports[info.Export]; taken {
			t.Errorf("%s and %s share the export %s", p, other, info.Export)
		}
		exports[info.Export] = p
		if !slices.Contains([]hook.Kind{hook.Gate, hook.Decider, hook.Amender, hook.Observer, hook.Handler}, info.Kind) {
			t.Errorf("%s: kind %q", p, info.Kind)
		}
		if policy, err := hook.ParsePolicy(string(info.OnFailure)); err != nil || policy != info.OnFailure {
			t.Errorf("%s: %v", p, err)
		}
		if parsed, err := hook.ParsePoint(string(p)); err != nil || parsed != p {
			t.Errorf("%s: %v", p, err)
		}
		if p.ServedBy(struct{}{}) || p.ServedBy(nil) {
			t.Errorf("%s is served by nothing", p)
		}
	}
	if len(exports) != 14 {
		t.Errorf("%d points", len(exports))
	}
	for _, name := range []string{"", "assignTeam", "before_lobby"} {
		if _, err := hook.ParsePoint(name); err == nil {
			t.Errorf("there is a point %q", name)
		}
		if _, err := hook.ParsePolicy(name); err == nil {
			t.Errorf("there is a policy %q", name)
		}
	}
}

// discord is written as an author would.
type discord struct{}

func (d *discord) Authenticate(_ context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	if r.GetFields()["discordToken"].GetStringValue() == "" {
		return nil, hook.Refuse("Discord token required", nil)
	}
	return &hook.Identity{Subject: "1"}, nil
}

func (d *discord) ValidateStart(context.Context, *hook.Lobby) error { return nil }

func TestServedPoints(t *testing.T) {
	if got := hook.ServedPoints(&discord{}); !slices.Equal(got, []hook.Point{hook.PointAuthenticate, hook.PointValidateStart}) {
		t.Errorf("%v", got)
	}
	if got := hook.ServedPoints(discord{}); got != nil {
		t.Errorf("a value without the pointer's methods serves %v", got)
	}
}

func TestRefusing(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", hook.Refuse("no", map[string]string{"a": "late"}))
	if r, ok := hook.AsRefusal(err); !ok || r.GetReason() != "no" || r.GetPlayerReasons()["a"] != "late" {
		t.Errorf("%v %v", r, ok)
	}
	for _, other := range []error{nil, errors.New("no"), context.Canceled, (*hook.RefusalError)(nil)} {
		if r, ok := hook.AsRefusal(other); ok || r != nil {
			t.Errorf("%v is a refusal", other)
		}
	}
	if err := (&hook.Decision{Allow: true, Reason: "ignored"}).Err(); err != nil {
		t.Error(err)
	}
	if err := (*hook.Decision)(nil).Err(); err != nil {
		t.Error(err)
	}
	if r, ok := hook.AsRefusal((&hook.Decision{Reason: "no"}).Err()); !ok || r.GetReason() != "no" {
		t.Errorf("%v", r)
	}
}

func TestCallFrom(t *testing.T) {
	c := hook.Call{Game: "arena", Point: hook.PointEvents, Hook: "h"}
	if got := hook.CallFrom(hook.WithCall(t.Context(), c)); got != c {
		t.Errorf("%v", got)
	}
	if got := hook.CallFrom(t.Context()); got != (hook.Call{}) {
		t.Errorf("%v", got)
	}
}

func TestValues(t *testing.T) {
	for in, want := range map[string]string{
		`null`: `null`, ` true `: `true`, `"a\u00e4"`: `"aä"`, `-1.50`: `-1.5`, `{"b":[1,{}],"a":null}`: `{"a":null,"b":[1,{}]}`,
		`1e999`: `1.7976931348623157e+308`, `-1e999`: `-1.7976931348623157e+308`, `[1e-7,1e21,-0,1e20]`: `[1e-7,1e+21,-0,100000000000000000000]`,
		`{"a":1,"\u0061":[2]}`: `{"a":[2]}`, "[\"\xff\", \"<&>\\n\\\"\\ud800\"]": "[\"\ufffd\",\"\\u003c\\u0026\\u003e\\n\\\"\ufffd\"]",
		`9007199254740993`: `9007199254740992`,
	} {
		v, err := hook.ValueFromJSON([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		out, err := hook.ValueToJSON(v)
		if err != nil || string(out) != want {
			t.Errorf("%s became %s, %v", in, out, err)
		}
	}
	for _, bad := range []string{"", "{", "1 2", "nul", `"a`, strings.Repeat("[", 33) + strings.Repeat("]", 33), strings.Repeat("[", 1<<20)} {
		if v, err := hook.ValueFromJSON([]byte(bad)); err == nil {
			t.Errorf("%.20q is %v", bad, v)
		}
	}
	if m, err := hook.ValuesFromJSON(nil); m != nil || err != nil {
		t.Errorf("%v %v", m, err)
	}
	if m, err := hook.ValuesToJSON(nil); m != nil || err != nil {
		t.Errorf("%v %v", m, err)
	}
	if _, err := hook.ValuesFromJSON(map[string]json.RawMessage{"key": json.RawMessage("{")}); err == nil || !strings.Contains(err.Error(), `"key"`) {
		t.Errorf("%v", err)
	}
}

// FuzzValueFromJSON holds that what is taken is what encoding/json takes and reads
// in it, is written as encoding/json writes it, and a second time as the same bytes.
func FuzzValueFromJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,null,true,"x"]}`, `1e999`, `-0`, `"\ud800"`, `[[[]]]`, ` {} x`, `{"a":1,"a":2}`,
		"{\"a\xff\" : [ 1 , -2e-7 ,1e21], \"\\\"\\u003c<\u2028\":\t\"\\\\\" } ", `{"a":{},"b":[],"c":"é","d":false}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := hook.ValueFromJSON(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is no JSON", data)
		}
		out, err := hook.ValueToJSON(v)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		var same any
		if json.Unmarshal(data, &same) == nil { // it refuses numbers out of range
			if want, err := json.Marshal(same); err != nil || string(out) != string(want) || !reflect.DeepEqual(v.AsInterface(), same) {
				t.Fatalf("%q is written %q, by encoding/json %q, %v", data, out, want, err)
			}
		}
		again, err := hook.ValueFromJSON(out)
		if err != nil {
			t.Fatalf("%q became %q: %v", data, out, err)
		}
		if second, err := hook.ValueToJSON(again); err != nil || string(second) != string(out) {
			t.Fatalf("%q became %q, then %q, %v", data, out, second, err)
		}
	})
}
