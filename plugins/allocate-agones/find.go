package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
)

// lookTime is how long all clusters together may take to say what they have.
const lookTime = 5 * time.Second

// sighting is what one cluster has of a match.
type sighting struct {
	// usable are the servers that players can be sent to.
	usable []*answer
	// others is how many it has besides that are not ending.
	others int
}

// list is Kubernetes' answer.
type list struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Continue string `json:"continue"`
	} `json:"metadata"`
	Items *[]gameServer `json:"items"`
}

type gameServer struct {
	Metadata struct {
		Name    string            `json:"name"`
		Labels  map[string]string `json:"labels"`
		Deleted string            `json:"deletionTimestamp"`
	} `json:"metadata"`
	Status struct {
		State   string `json:"state"`
		Address string `json:"address"`
		Ports   []port `json:"ports"`
		Node    string `json:"nodeName"`
	} `json:"status"`
}

// look asks all clusters, in their order, for the servers of a match. As long as one
// does not say what it has, nothing is known.
func (a *agones) look(ctx context.Context, r *hook.AllocateRequest) ([]sighting, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	seen := make([]sighting, len(a.clusters))
	return seen, a.everywhere(func(place int, c *cluster) (err error) {
		seen[place], err = a.find(ctx, c, r)
		return err
	})
}

// find asks one cluster. The allocator sets labels and state at once: what has the
// labels and another state was the match's and is so no more.
func (a *agones) find(ctx context.Context, c *cluster, r *hook.AllocateRequest) (s sighting, err error) {
	text, err := a.servers(ctx, c, http.MethodGet, r, "")
	if err != nil {
		return s, err
	}
	var l list
	// Something on the way could answer as well: no list is not an empty list.
	if json.Unmarshal(text, &l) != nil || l.Kind != "GameServerList" || l.Items == nil || l.Metadata.Continue != "" {
		return s, errors.New("the API server's answer is not the list that was expected")
	}
	own := labelsOf(r)
	for _, g := range *l.Items {
		for key, value := range own {
			if g.Metadata.Labels[key] != value {
				return sighting{}, errors.New("the API server lists servers that were not asked for")
			}
		}
		switch {
		case g.Metadata.Deleted != "":
		case g.Status.State == "Allocated" && g.Metadata.Name != "" && g.Status.Address != "":
			s.usable = append(s.usable, &answer{Name: g.Metadata.Name, Address: g.Status.Address, Ports: g.Status.Ports, Node: g.Status.Node, Source: "found"})
		default:
			s.others++
		}
	}
	return s, nil
}
