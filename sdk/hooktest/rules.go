package hooktest

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// Rules serves every point. What it answers is made up so that each field of a
// message matters. A word in each request (a name, a mode, a region) asks for
// something special: see mood.
type Rules struct{}

var (
	_ hook.Authenticator   = Rules{}
	_ hook.LobbyCreateGate = Rules{}
	_ hook.LobbyJoinGate   = Rules{}
	_ hook.TeamAssigner    = Rules{}
	_ hook.ChatGate        = Rules{}
	_ hook.TeamBalancer    = Rules{}
	_ hook.StartValidator  = Rules{}
	_ hook.PayloadAmender  = Rules{}
	_ hook.ResultAmender   = Rules{}
	_ hook.Matchmaker      = Rules{}
	_ hook.Allocator       = Rules{}
	_ hook.Releaser        = Rules{}
	_ hook.RpcHandler      = Rules{}
	_ hook.EventHandler    = Rules{}
)

// mood does what a word asks for, which is an error; nil for any other word.
func mood(ctx context.Context, word string) error {
	switch word {
	case "refuse", "refuse later":
		return hook.Refuse("not today", nil)
	case "refuse some":
		return hook.Refuse("sorry, 日本", map[string]string{"a1": "you are late", "ä \"2\"": "é\n🎮"})
	case "refuse quietly":
		return hook.Refuse("", nil)
	case "invalid", "invalid later":
		return hook.Invalid("that is no request")
	case "unreachable", "unreachable later":
		return hook.Unreachable(errors.New("no route"))
	case "fail", "fail later":
		return errors.New("broken rule")
	case "wait", "wait later":
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// isText returns the text of a value, false if it is none.
func isText(v *structpb.Value) (string, bool) {
	s, ok := v.GetKind().(*structpb.Value_StringValue)
	if !ok {
		return "", false
	}
	return s.StringValue, true
}

// with returns a copy of a map with one more entry. The copy is deep, since answers
// share nothing with requests.
func with(m map[string]*structpb.Value, key string, value *structpb.Value) map[string]*structpb.Value {
	out := make(map[string]*structpb.Value, len(m)+1)
	for k, v := range m {
		out[k] = copied(v)
	}
	out[key] = value
	return out
}

// copied returns a copy of a message; of none, an empty one.
func copied[M proto.Message](m M) M {
	if r := m.ProtoReflect(); !r.IsValid() {
		return r.New().Interface().(M)
	}
	return proto.Clone(m).(M)
}
