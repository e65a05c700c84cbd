package state_test

import (
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/state"
)

type named struct {
	Name string `json:"name"`
}

func (n *named) AppendState(dst []byte) ([]byte, error) { return state.AppendJSON(dst, n) }

type other struct{ named }

func TestDecode(t *testing.T) {
	own := &named{"ann"}
	encoded, err := own.AppendState([]byte("x"))
	if err != nil || string(encoded) != `x{"name":"ann"}` {
		t.Fatalf("%s, %v", encoded, err)
	}
	doc := func(v state.Value) state.Doc { return state.Doc{Key: state.Key{Kind: "name", ID: "1"}, Value: v} }
	if got, err := state.Decode[named](doc(own)); got != own || err != nil {
		t.Errorf("its own: %v, %v", got, err)
	}
	if got, err := state.Decode[named](doc(state.Raw(encoded[1:]))); err != nil || got == own || *got != *own {
		t.Errorf("from another process: %v, %v", got, err)
	}
	if got, err := state.Decode[named](doc(nil)); got != nil || err != nil {
		t.Errorf("absent: %v, %v", got, err)
	}
	for name, v := range map[string]state.Value{"cut": state.Raw(`{"name":`), "of another type": &other{}} {
		if got, err := state.Decode[named](doc(v)); got != nil || err == nil || !strings.Contains(err.Error(), "name/1") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
