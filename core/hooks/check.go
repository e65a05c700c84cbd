package hooks

import (
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// Limits of what a hook may answer; sizes are those of the values as JSON, in bytes.
const (
	maxName          = 64
	maxChat          = 500
	maxProperties    = 32
	maxPropertyBytes = 4 << 10
	maxPayloadBytes  = 64 << 10
	maxReportKeys    = 64
	maxReportBytes   = 256 << 10
	maxServerName    = 256
)

func checkNothing(struct{}) *failure { return nil }

func checkDraft(d *hook.LobbyDraft, seats int) *failure {
	if d == nil {
		return nil
	}
	if f := checkText("name", d.GetName(), maxName); f != nil {
		return f
	}
	if d.MaxPlayers != nil && (d.GetMaxPlayers() < 1 || seats > 0 && int(d.GetMaxPlayers()) > seats) {
		return broken("bad_max_players", "max_players is %d", d.GetMaxPlayers())
	}
	return checkProperties(d.GetProperties())
}

func checkProperties(values map[string]*structpb.Value) *failure {
	return checkValues("properties", values, maxProperties, maxPropertyBytes)
}

// checkValues holds JSON values against how many they may be and how large all of
// them together.
func checkValues(field string, values map[string]*structpb.Value, keys, size int) *failure {
	if len(values) > keys {
		return broken("too_many", "%s has %d keys", field, len(values))
	}
	_, f := sizeOf(field, values, size)
	return f
}

// sizeOf is the length of the values as one JSON object, a failure if it is over limit.
func sizeOf(field string, values map[string]*structpb.Value, limit int) (int, *failure) {
	n := len("{}")
	for k, v := range values {
		if k == "" {
			return 0, broken("bad_key", "%s has an empty key", field)
		}
		if f := checkText("a key of "+field, k, maxName); f != nil {
			return 0, f
		}
		data, code, err := jsonOf(v)
		if err != nil {
			return 0, broken(code, "%s: %q: %w", field, k, err)
		}
		if n += len(k) + len(data) + len(`"":,`); n > limit {
			return 0, broken(codeTooLarge, "%s has over %d bytes", field, limit)
		}
	}
	return n, nil
}

func checkTeam(team string, l *hook.Lobby) *failure {
	if team == "" {
		return nil
	}
	for _, t := range l.GetTeams() {
		if t.GetName() == team {
			return nil
		}
	}
	return broken("unknown_team", "%.64q", team)
}

func checkChat(m *hook.ChatMessage) *failure {
	if m == nil {
		return nil
	}
	if strings.TrimSpace(m.GetText()) == "" {
		return broken("empty_text", "a line of chat has 1 to %d characters", maxChat)
	}
	return checkText("text", m.GetText(), maxChat)
}
