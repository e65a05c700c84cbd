package agonestest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// NoServer is how the allocator says that the fleet is empty.
const NoServer = "there is no available GameServer to allocate"

// request is what the stand-in understands of an allocation.
type request struct {
	Namespace    string
	MultiCluster struct{ Enabled bool } `json:"multiClusterSetting"`
	Metadata     struct{ Labels, Annotations map[string]string }
	Selectors    []struct {
		MatchLabels map[string]string
		State       string `json:"gameServerState"`
	} `json:"gameServerSelectors"`
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
		"gameServerName": made.Name, "address": "203.0.113.7", "nodeName": "node-1", "source": cluster,
		"ports":     []any{map[string]any{"name": "query", "port": 7001}, map[string]any{"name": "default", "port": 7002}, map[string]any{"name": "voice", "port": 7003}},
		"addresses": []any{map[string]any{"type": "ExternalIP", "address": "203.0.113.7"}},
		"metadata":  map[string]any{"labels": made.Labels, "annotations": made.Annotations},
	})
}

// allocate finds a server and says which allocator it is from; nil if none is free.
// It returns a copy. Guarded by mu.
func (f *Fleet) allocate(c request) (made *GameServer, source string) {
	for _, s := range c.Selectors {
		for _, g := range f.servers {
			if c.Namespace != "default" || !strings.EqualFold(g.State, s.State) || !matches(g.Labels, s.MatchLabels) || g.cluster > 0 && !c.MultiCluster.Enabled {
				continue
			}
			g.State = "Allocated"
			maps.Copy(g.Labels, c.Metadata.Labels)
			maps.Copy(g.Annotations, c.Metadata.Annotations)
			source := "local"
			if g.cluster > 0 {
				source = f.apis[g.cluster].Listener.Addr().String()
			}
			return g.copied(), source
		}
	}
	return nil, ""
}

func matches(labels, wanted map[string]string) bool {
	for key, value := range wanted {
		if labels[key] != value {
			return false
		}
	}
	return true
}

// kubernetes deletes a cluster's game servers by their labels.
func (f *Fleet) kubernetes(cluster int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		which := map[string]string{}
		for pair := range strings.SplitSeq(r.URL.Query().Get("labelSelector"), ",") {
			key, value, _ := strings.Cut(pair, "=")
			which[key] = value
		}
		switch {
		case r.Header.Get("Authorization") != "Bearer kube-token":
			w.WriteHeader(http.StatusUnauthorized)
			return
		case r.Method != http.MethodDelete || r.URL.Path != "/apis/agones.dev/v1/namespaces/default/gameservers" || len(which) != 2:
			w.WriteHeader(http.StatusNotFound)
			return
		}
		deleted := []any{}
		f.mu.Lock()
		f.servers = slices.DeleteFunc(f.servers, func(g *GameServer) bool {
			gone := g.cluster == cluster && matches(g.Labels, which)
			if gone {
				deleted = append(deleted, map[string]any{"metadata": map[string]any{"name": g.Name}})
			}
			return gone
		})
		f.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "GameServerList", "items": deleted}) // as above
	}
}

// Gateway answers an error as a grpc-gateway.
func Gateway(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "details": []any{}}) // as above
}
