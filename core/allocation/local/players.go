package local

import (
	"net/http"
	"slices"
	"time"
)

// listName is the one list that there is.
const listName = "players"

// maxValue bounds one entry of the list.
const maxValue = 256

// playerList is who is connected, by the server's own word.
type playerList struct {
	capacity int
	values   []string
	arrivals arrivals
}

var (
	errNoList    = &gatewayError{http.StatusNotFound, codeNotFound, "list not found: " + listName}
	errNoValue   = &gatewayError{http.StatusNotFound, codeNotFound, "value is not in the list"}
	errThere     = &gatewayError{http.StatusConflict, codeAlreadyExists, "value is in the list already"}
	errListFull  = &gatewayError{http.StatusBadRequest, codeOutOfRange, "list is full"}
	errBadPlayer = &gatewayError{http.StatusBadRequest, codeInvalidArgument, "value must be 1 to 256 bytes"}
)

func (g *gameServer) listPlayers() (view listView, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.players == nil {
		return listView{}, errNoList
	}
	return g.players.named(), nil
}

// addPlayer puts a value at the end of the list. One that is there already is
// reported before a full list, so that a player who is back is not told "full".
func (g *gameServer) addPlayer(value string) (view listView, err error) {
	g.update(func() bool {
		switch {
		case g.players == nil:
			err = errNoList
		case value == "" || len(value) > maxValue:
			err = errBadPlayer
		case slices.Contains(g.players.values, value):
			err = errThere
		case len(g.players.values) >= g.players.capacity:
			err = errListFull
		default:
			g.players.values = append(g.players.values, value)
			g.players.arrivals.note(value)
			view = g.players.named()
			return true
		}
		return false
	})
	return view, err
}

func (g *gameServer) removePlayer(value string) (view listView, err error) {
	g.update(func() bool {
		if g.players == nil {
			err = errNoList
			return false
		}
		i := slices.Index(g.players.values, value)
		if i < 0 {
			err = errNoValue
			return false
		}
		g.players.values = slices.Delete(g.players.values, i, i+1)
		if len(g.players.values) == 0 {
			g.emptyAt = time.Now()
		}
		view = g.players.named()
		return true
	})
	return view, err
}
