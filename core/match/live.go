package match

import (
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
)

// KindMatch is the kind of the documents of live matches: match id → Live. Their
// deadline is when the match times out.
const KindMatch = "match"

// Live is a match that is being played. It outlives its lobby.
type Live struct {
	ID        string             `json:"id"`
	LobbyID   string             `json:"lobby"`
	Teams     []lobby.RosterTeam `json:"teams"`
	Server    allocation.Server  `json:"server"`
	StartedAt time.Time          `json:"started"`
	// Hooks are the rules that the start ran on, each as "name@version".
	Hooks []string `json:"hooks,omitempty"`
}

var _ state.Value = (*Live)(nil)

// AppendState encodes the match for a journal or another node.
func (l *Live) AppendState(dst []byte) ([]byte, error) {
	return state.AppendJSON(dst, l)
}

// decodeLive returns the match of a document; nil when it is absent.
func decodeLive(d state.Doc) (*Live, error) { return state.Decode[Live](d) }
