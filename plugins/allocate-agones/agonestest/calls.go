package agonestest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
)

// NoServer is how the allocator says that the fleet is empty.
const NoServer = "there is no available GameServer to allocate"

// request is what the stand-in understands of an allocation.
type request struct {
	Namespace    string
	MultiCluster struct{ Enabled bool } `json:"multiClusterSetting"`
	Metadata     struct{ Labels, Annotations map[string]string }
	Selectors    []selector `json:"gameServerSelectors"`
}

type selector struct {
	MatchLabels map[string]string
	State       string `json:"gameServerState"`
}

// allocator is POST /gameserverallocation.
func (f *Fleet) allocator(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	f.mu.Lock()
	f.calls++
	answer := f.answer
	var c request
	switch {
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/gameserverallocation":
		answer = func(w http.ResponseWriter, _ *http.Request) { Gateway(w, http.StatusNotFound, 5, "Not Found") }
	case json.Unmarshal(text, &f.last) != nil || json.Unmarshal(text, &c) != nil:
		answer = func(w http.ResponseWriter, _ *http.Request) {
			Gateway(w, http.StatusBadRequest, 3, "proto: syntax error")
		}
	}
	f.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	f.mu.Lock()
	if f.late != nil {
		// The call is cut, and goes on nevertheless.
		f.going, f.late, f.call = f.late, nil, c
		clear(f.lists)
		f.goOn()
		f.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	made, cluster := f.allocate(c)
	lost, held := made != nil && f.lost > 0, made != nil && f.held > 0
	if lost {
		f.lost--
	}
	if held {
		f.held--
	}
	f.mu.Unlock()
	switch {
	case held:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case lost:
		panic(http.ErrAbortHandler)
	case made == nil:
		Gateway(w, http.StatusTooManyRequests, 8, NoServer)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{ // an error means that the client has gone
		"gameServerName": made.Name, "address": address, "nodeName": "node-1", "source": cluster, "ports": ports(), "addresses": addresses(),
		"metadata": map[string]any{"labels": made.Labels, "annotations": made.Annotations},
	})
}

const address = "203.0.113.7"

func addresses() []any { return []any{map[string]any{"type": "ExternalIP", "address": address}} }

func ports() (list []any) {
	for i, name := range []string{"query", "default", "voice"} {
		list = append(list, map[string]any{"name": name, "port": 7001 + i})
	}
	return list
}

// allocate finds a server, in one cluster after the other, and says which allocator
// it is from; nil if none is free. It returns a copy. Guarded by mu.
func (f *Fleet) allocate(c request) (made *GameServer, source string) {
	if g := f.allocateIn(0, c); g != nil {
		return g, "local"
	}
	for i := 1; c.MultiCluster.Enabled && i < len(f.apis); i++ {
		if g := f.allocateIn(i, c); g != nil {
			return g, f.apis[i].Listener.Addr().String()
		}
	}
	return nil, ""
}

// allocateIn is allocate in one cluster.
func (f *Fleet) allocateIn(cluster int, c request) *GameServer {
	for _, s := range c.Selectors {
		for _, g := range f.servers {
			if g.cluster != cluster || c.Namespace != "default" || g.Deleted || !strings.EqualFold(g.State, s.State) || !matches(g.Labels, s.MatchLabels) {
				continue
			}
			g.State = "Allocated"
			maps.Copy(g.Labels, c.Metadata.Labels)
			maps.Copy(g.Annotations, c.Metadata.Annotations)
			return g.copied()
		}
	}
	return nil
}

func matches(labels, wanted map[string]string) bool {
	for key, value := range wanted {
		if labels[key] != value {
			return false
		}
	}
	return true
}

// Gateway answers an error as a grpc-gateway.
func Gateway(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "details": []any{}}) // as above
}
