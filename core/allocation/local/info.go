package local

import (
	"cmp"
	"slices"
	"time"
)

// Info is one server for its operator.
type Info struct {
	// ID names the server and its log: its match's id, or for a server that was
	// started without a match one of its own.
	ID string
	// MatchID is empty while the server has no match.
	MatchID string
	// State is what its SDK sees; empty while its process is being started.
	State string
	// Ending: it has been told to end, or is being reported.
	Ending bool
	PID    int
	Ports  map[string]int // by their names
	// Players is how many its list has.
	Players int
	Started time.Time
}

// Servers returns the fleet's servers, those that are still ending included,
// oldest first.
func (f *Fleet) Servers() []Info {
	f.mu.Lock()
	all := f.all()
	f.mu.Unlock()
	list := make([]Info, 0, len(all))
	for _, s := range all {
		list = append(list, s.info())
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return list
}

func (s *server) info() Info {
	s.mu.Lock()
	i := Info{ID: s.id, MatchID: s.request.MatchID, Ending: s.ending, Started: s.started}
	launched := s.launched
	s.mu.Unlock()
	if !launched {
		return i
	}
	v := s.object.view()
	i.State, i.PID, i.Ports = string(v.Status.State), s.proc.pid, make(map[string]int, len(v.Status.Ports))
	for _, p := range v.Status.Ports {
		i.Ports[p.Name] = p.Port
	}
	i.Players = len(v.Status.Lists[listName].Values)
	return i
}
