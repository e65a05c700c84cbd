package main

import (
	"encoding/json"
	"errors"
	"maps"

	"github.com/muster-gg/muster/sdk/hook"
)

// The states of a server that a selector may ask for.
const (
	stateReady     = "READY"
	stateAllocated = "ALLOCATED"
)

// maxAnnotations is how much Kubernetes takes of one object's annotations together;
// the object has others already.
const maxAnnotations = 256<<10 - 16<<10

// call is the body of an allocation.
type call struct {
	Namespace    string        `json:"namespace"`
	MultiCluster *multiCluster `json:"multiClusterSetting,omitempty"`
	Scheduling   string        `json:"scheduling,omitempty"`
	Metadata     metadata      `json:"metadata"`
	Selectors    []selector    `json:"gameServerSelectors"`
}

type multiCluster struct {
	Enabled bool    `json:"enabled"`
	Policy  *policy `json:"policySelector,omitempty"`
}

type policy struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type metadata struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type selector struct {
	MatchLabels map[string]string `json:"matchLabels"`
	State       string            `json:"gameServerState"`
}

// body is the request for one match. The first selector is the server that the
// match has already, if it does: asked twice, Agones names the same one.
func (a *agones) body(r *hook.AllocateRequest) ([]byte, error) {
	if r.GetMatchId() == "" {
		return nil, errors.New("the match has no id")
	}
	own := labelsOf(r)
	c := call{
		Namespace: a.Namespace, Scheduling: a.Scheduling,
		Metadata:  metadata{Labels: maps.Clone(own), Annotations: map[string]string{}},
		Selectors: []selector{{MatchLabels: own, State: stateAllocated}},
	}
	maps.Copy(c.Metadata.Labels, a.Labels)
	maps.Copy(c.Metadata.Annotations, a.Annotations)
	c.Metadata.Annotations[matchLabel] = r.GetMatchId()
	c.Metadata.Annotations[a.PayloadAnnotation] = r.GetPayload()
	size := 0
	for key, value := range c.Metadata.Annotations {
		size += len(key) + len(value)
	}
	if size > maxAnnotations {
		return nil, errors.New("the launch payload is too long for an annotation")
	}
	for _, s := range a.selectors {
		if region := r.GetRegion(); a.RegionLabel != "" && region != "" {
			if !validValue(region) {
				return nil, errors.New("the region cannot be the value of a label")
			}
			s.MatchLabels = maps.Clone(s.MatchLabels)
			s.MatchLabels[a.RegionLabel] = region
		}
		c.Selectors = append(c.Selectors, s)
	}
	if a.MultiCluster {
		c.MultiCluster = &multiCluster{Enabled: true}
		if len(a.PolicyLabels) > 0 {
			c.MultiCluster.Policy = &policy{a.PolicyLabels}
		}
	}
	return json.Marshal(c)
}
