package agonestest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Late is a server that is allocated for a call whose answer is lost: in that
// cluster, just before it is asked for its servers for the Look-th time; 0: at once.
type Late struct{ Cluster, Look int }

// GoesOn makes the next call be cut, while the allocator goes on with it. It
// allocates another server each time.
func (f *Fleet) GoesOn(late ...Late) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late = append([]Late{}, late...)
}

// goOn allocates what is due. Guarded by mu.
func (f *Fleet) goOn() {
	anew := f.call
	anew.Selectors = slices.Clone(anew.Selectors)
	anew.Selectors = slices.DeleteFunc(anew.Selectors, func(s selector) bool { return s.State != "READY" })
	f.going = slices.DeleteFunc(f.going, func(l Late) bool {
		return f.lists[l.Cluster] >= l.Look && f.allocateIn(l.Cluster, anew) != nil
	})
}

// Lists makes all clusters answer like that when they are asked for servers; nil:
// they list them.
func (f *Fleet) Lists(h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = h
}

// Asked is how often clusters were asked for servers.
func (f *Fleet) Asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// Change changes a server that was not deleted.
func (f *Fleet) Change(name string, change func(*GameServer)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.servers {
		if g.Name == name {
			change(g)
		}
	}
}

// kubernetes is what a cluster lets a client do: list and delete game servers by
// their labels.
func (f *Fleet) kubernetes(cluster int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		which, but, understood := wanted(r)
		switch {
		case r.Header.Get("Authorization") != "Bearer kube-token":
			w.WriteHeader(http.StatusUnauthorized)
		case !understood || r.URL.Path != "/apis/agones.dev/v1/namespaces/default/gameservers":
			w.WriteHeader(http.StatusNotFound)
		case r.Method == http.MethodGet:
			f.list(w, r, cluster, which, but)
		case r.Method == http.MethodDelete:
			f.mu.Lock()
			items := f.items(cluster, which, but)
			f.servers = slices.DeleteFunc(f.servers, func(g *GameServer) bool {
				return g.cluster == cluster && g.Name != but && matches(g.Labels, which)
			})
			f.mu.Unlock()
			answer(w, items)
		default:
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	}
}

// wanted reads the labels that servers must have, and the name that they must not.
func wanted(r *http.Request) (which map[string]string, but string, understood bool) {
	which, query := map[string]string{}, r.URL.Query()
	for pair := range strings.SplitSeq(query.Get("labelSelector"), ",") {
		key, value, _ := strings.Cut(pair, "=")
		which[key] = value
	}
	field, but, _ := strings.Cut(query.Get("fieldSelector"), "!=")
	return which, but, len(which) == 2 && (field == "" || field == "metadata.name" && but != "")
}

func (f *Fleet) list(w http.ResponseWriter, r *http.Request, cluster int, which map[string]string, but string) {
	f.mu.Lock()
	f.asked++
	f.lists[cluster]++
	f.goOn()
	listed, items := f.listed, f.items(cluster, which, but)
	f.mu.Unlock()
	if listed != nil {
		listed(w, r)
		return
	}
	answer(w, items)
}

// items are a cluster's servers as Kubernetes tells them. Guarded by mu.
func (f *Fleet) items(cluster int, which map[string]string, but string) []any {
	items := []any{}
	for _, g := range f.servers {
		if g.cluster != cluster || g.Name == but || !matches(g.Labels, which) {
			continue
		}
		meta := map[string]any{"name": g.Name, "namespace": "default", "labels": maps.Clone(g.Labels), "annotations": maps.Clone(g.Annotations)}
		if g.Deleted {
			meta["deletionTimestamp"] = "2026-01-02T15:04:05Z"
		}
		items = append(items, map[string]any{"apiVersion": "agones.dev/v1", "kind": "GameServer", "metadata": meta, "status": map[string]any{
			"state": g.State, "address": address, "addresses": addresses(), "nodeName": "node-1", "ports": ports(),
		}})
	}
	return items
}

func answer(w http.ResponseWriter, items []any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // an error means that the client has gone
		"apiVersion": "agones.dev/v1", "kind": "GameServerList", "metadata": map[string]any{"resourceVersion": "7", "continue": ""}, "items": items,
	})
}
