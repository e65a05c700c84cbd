package local

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// The views are what a grpc-gateway makes of Agones' messages: proto names,
// 64-bit numbers as strings, empty fields written out.

type gameServerView struct {
	Meta   metaView   `json:"object_meta"`
	Spec   specView   `json:"spec"`
	Status statusView `json:"status"`
}

type metaView struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	UID             string            `json:"uid"`
	ResourceVersion string            `json:"resource_version"`
	Generation      string            `json:"generation"`
	Created         string            `json:"creation_timestamp"`
	Deleted         string            `json:"deletion_timestamp"`
	Annotations     map[string]string `json:"annotations"`
	Labels          map[string]string `json:"labels"`
}

type specView struct {
	Health healthView `json:"health"`
}

type healthView struct {
	Disabled bool `json:"disabled"`
}

type statusView struct {
	State     state               `json:"state"`
	Address   string              `json:"address"`
	Addresses []string            `json:"addresses"`
	Ports     []portView          `json:"ports"`
	Counters  struct{}            `json:"counters"`
	Lists     map[string]listView `json:"lists"`
}

type portView struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

// listView is a list; inside a server it has no name.
type listView struct {
	Name     string   `json:"name,omitempty"`
	Capacity string   `json:"capacity"`
	Values   []string `json:"values"`
}

func (l *playerList) view() listView {
	return listView{Capacity: strconv.Itoa(l.capacity), Values: append([]string{}, l.values...)}
}

func (l *playerList) named() listView {
	v := l.view()
	v.Name = listName
	return v
}

func (g *gameServer) view() gameServerView {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.viewLocked()
}

func (g *gameServer) viewLocked() gameServerView {
	generation := strconv.FormatInt(g.generation, 10)
	v := gameServerView{
		Meta: metaView{
			Name: g.identity.name, Namespace: "default", UID: g.identity.uid,
			ResourceVersion: generation, Generation: generation,
			Created: strconv.FormatInt(g.identity.created.Unix(), 10), Deleted: "0",
			Annotations: maps.Clone(g.annotations), Labels: maps.Clone(g.labels),
		},
		Status: statusView{
			State: g.state, Address: g.identity.address, Addresses: []string{},
			Ports: slices.Clone(g.identity.ports), Lists: map[string]listView{},
		},
	}
	if g.players != nil {
		v.Status.Lists[listName] = g.players.view()
	}
	return v
}

// frame is one line of the watch stream. The caller holds the lock.
func (g *gameServer) frame() []byte {
	raw, err := json.Marshal(struct {
		Result gameServerView `json:"result"`
	}{g.viewLocked()})
	if err != nil {
		// Maps of strings, numbers and strings always encode.
		panic(err)
	}
	return append(raw, '\n')
}
