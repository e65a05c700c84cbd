package main

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-gg/muster/sdk/plugin"
)

// Labels of every server that was allocated: a match's server is found by them.
const (
	matchLabel = "muster.gg/match"
	gameLabel  = "muster.gg/game"
)

var (
	labelName  = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	domainName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)
)

// validKey reports whether Kubernetes takes it as the key of a label or an annotation.
func validKey(key string) bool {
	domain, name, prefixed := strings.Cut(key, "/")
	if !prefixed {
		return labelName.MatchString(key)
	}
	return domainName.MatchString(domain) && labelName.MatchString(name)
}

func validValue(value string) bool { return value == "" || labelName.MatchString(value) }

// labelValue is text as the value of a label: itself, or its hash where Kubernetes
// would not take it.
func labelValue(text string) string {
	if labelName.MatchString(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + hex.EncodeToString(sum[:16])
}

// owner says whose servers are meant: those with the labels of a match.
type owner interface {
	GetGame() string
	GetMatchId() string
}

func labelsOf(o owner) map[string]string {
	return map[string]string{matchLabel: labelValue(o.GetMatchId()), gameLabel: labelValue(o.GetGame())}
}

// parseSelector reads "key=value,key=value".
func parseSelector(text string) (selector, bool) {
	s := selector{MatchLabels: map[string]string{}, State: stateReady}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if key, value = strings.TrimSpace(key), strings.TrimSpace(value); !ok || !validKey(key) || !validValue(value) {
			return s, false
		}
		s.MatchLabels[key] = value
	}
	return s, true
}

// checkNames looks at what Kubernetes would refuse in the middle of an allocation.
func (a *agones) checkNames() error {
	if !labelName.MatchString(a.Namespace) {
		return plugin.BadSetting("namespace", "is no name of a namespace")
	}
	if a.RegionLabel != "" && !validKey(a.RegionLabel) {
		return plugin.BadSetting("region_label", "is no key of a label")
	}
	if !validKey(a.PayloadAnnotation) {
		return plugin.BadSetting("payload_annotation", "is no key of an annotation")
	}
	for _, m := range []struct {
		setting string
		all     map[string]string
		labels  bool
	}{{"labels", a.Labels, true}, {"policy_labels", a.PolicyLabels, true}, {"annotations", a.Annotations, false}} {
		for _, key := range slices.Sorted(maps.Keys(m.all)) {
			switch {
			case !validKey(key):
				return plugin.BadSetting(m.setting, "has a key that Kubernetes does not take")
			case m.labels && !validValue(m.all[key]):
				return plugin.BadSetting(m.setting, "has a value that Kubernetes does not take")
			case key == matchLabel || key == gameLabel || !m.labels && key == a.PayloadAnnotation:
				return plugin.BadSetting(m.setting, "has a key that Muster sets itself")
			}
		}
	}
	return nil
}
