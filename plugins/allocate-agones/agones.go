package main

import (
	"context"
	"strings"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// agones asks one allocator service over its REST interface.
type agones struct {
	plugin.Base
	URL        string        `setting:"url,required" doc:"The allocator service: https and its port."`
	Cert       string        `setting:"cert" doc:"File of the client certificate; read anew for every call."`
	Key        string        `setting:"key" doc:"File of its private key."`
	CA         string        `setting:"ca" doc:"File of the authority that signed the service's certificate; without it, the system's."`
	ServerName string        `setting:"server_name" doc:"The name in the service's certificate; by default that of url."`
	Namespace  string        `setting:"namespace" default:"default" doc:"The Kubernetes namespace of the fleet."`
	Selectors  []string      `setting:"selectors,required" doc:"Labels of the servers wanted, tried in order: agones.dev/fleet=arena,mode=duel."`
	Timeout    time.Duration `setting:"timeout" default:"30s" doc:"How long one call may take."`

	Settle time.Duration `setting:"settle" default:"35s" doc:"How long Agones may still work on a call that was given up: its total remote allocation timeout, and some seconds. Only after it, no server found means that none was made."`

	RegionLabel  string            `setting:"region_label" doc:"The label that must be the region asked for; without it, regions are not looked at."`
	PortName     string            `setting:"port_name" doc:"The port that players are told; by default the one named default, else the first."`
	Scheduling   string            `setting:"scheduling" default:"Packed" oneof:"Packed Distributed" doc:"How servers are spread over nodes."`
	MultiCluster bool              `setting:"multi_cluster" doc:"Apply the cluster's allocation policies."`
	PolicyLabels map[string]string `setting:"policy_labels" doc:"Labels of the policies to apply; without it, all."`

	PayloadAnnotation string            `setting:"payload_annotation" default:"GAMEFLOW_PAYLOAD" doc:"The annotation that the launch payload is put into."`
	Labels            map[string]string `setting:"labels" doc:"More labels for an allocated server."`
	Annotations       map[string]string `setting:"annotations" doc:"More annotations for an allocated server."`

	KubernetesURL   []string `setting:"kubernetes_url" doc:"The API server of every cluster that servers come from, to find and to delete them; without it, they end by themselves only."`
	KubernetesCA    []string `setting:"kubernetes_ca" default:"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt" doc:"File of the API server's authority: one for all, or one for each."`
	KubernetesToken []string `setting:"kubernetes_token" default:"/var/run/secrets/kubernetes.io/serviceaccount/token" doc:"File of the token for it, likewise; read anew for every call."`

	selectors []selector
	allocator *peer
	clusters  []*cluster
}

var (
	_ hook.Allocator    = (*agones)(nil)
	_ hook.Releaser     = (*agones)(nil)
	_ plugin.Starter    = (*agones)(nil)
	_ plugin.PointNamer = (*agones)(nil)
)

// Start checks the settings, and reads the certificates once.
func (a *agones) Start(context.Context) error {
	var problem string
	if a.URL, problem = web.Base(a.URL, a.Development()); problem != "" {
		return plugin.BadSetting("url", problem)
	}
	if a.Timeout <= 0 {
		return plugin.BadSetting("timeout", "must be longer than nothing")
	}
	if a.Settle <= 0 {
		return plugin.BadSetting("settle", "must be longer than nothing")
	}
	if err := a.checkNames(); err != nil {
		return err
	}
	for _, text := range a.Selectors {
		s, ok := parseSelector(text)
		if !ok {
			return plugin.BadSetting("selectors", "is not a list of labels such as agones.dev/fleet=arena")
		}
		a.selectors = append(a.selectors, s)
	}
	if len(a.selectors) == 0 {
		return plugin.BadSetting("selectors", "is empty: any server of the namespace would do")
	}
	if (a.Cert == "") != (a.Key == "") {
		return plugin.BadSetting("cert", "and key go together")
	}
	a.allocator = &peer{name: a.ServerName, cert: a.Cert, key: a.Key, ca: a.CA}
	if secure := strings.HasPrefix(a.URL, "https:"); secure {
		if _, err := a.allocator.read(); err != nil {
			return plugin.BadSetting(err.setting, err.problem)
		}
	}
	return a.startClusters()
}
