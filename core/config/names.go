package config

import (
	"slices"
	"strings"
)

// The names of blocks that have a label of their own kind.
const (
	kindGameflow = "gameflow"
	kindLocal    = "local"
	kindSQLite   = "sqlite"
)

// names are what may stand in one kind of block.
type names struct {
	attrs  []string
	blocks []string
	// later are keys and blocks of Muster's configuration that are not built yet.
	later []string
	// told is help for what one would expect here and is not.
	told map[string]string
}

// reference is every name of the config file, by kind of block; "" is the file.
// The reference for people is extensions.md, section "config.hcl: every key".
func reference() map[string]names {
	everyAllocate := []string{"max_concurrent", "on_unknown"}
	return map[string]names{
		"":       {blocks: []string{"server", "auth", "limits", "store", "plugin", "game"}, later: []string{"cluster"}},
		"server": {attrs: []string{"listen", "admin_listen", "public_url", "default_game", "mode", "data_dir", "origins", "trusted_proxies", "drain"}, blocks: []string{"tls"}},
		"tls":    {attrs: []string{"cert", "key"}},
		"auth":   {attrs: []string{"secret", "access_ttl", "refresh_ttl"}},
		"limits": {attrs: []string{"disabled"}},
		"store":  {attrs: []string{"path"}},
		"game": {
			attrs:  []string{"title", "auth", "web", "duplicate", "rating_report"},
			blocks: []string{"plugin", "lobby", "hooks", "allocate", "queue", "allocation_api"},
		},
		"plugin": {attrs: []string{"command", "sha256", "env", "timeout", "memory_limit"}, blocks: []string{"config"}},
		"hooks " + kindScript: {
			attrs:  []string{"entry", "isolation", "timeout", "test_on_reload", "memory_limit", "on_failure"},
			blocks: []string{"fetch"},
			told:   map[string]string{"points": "The exports of the script say which points it serves."},
		},
		"fetch": {attrs: []string{"allow"}},
		"hooks " + kindPlugin: {
			attrs: []string{"use", "points", "on_failure"},
			told:  map[string]string{"timeout": "The plugin has one: plugin { timeout = … }.", "config": "The plugin has one: plugin { config { … } }."},
		},
		"lobby": {
			attrs:  []string{"min_players", "max_lobbies", "ready_timeout", "reconnect_grace", "after_match", "match_timeout"},
			blocks: []string{"team"},
		},
		"team":                   {attrs: []string{"size"}},
		"queue":                  {attrs: []string{"provider", "mode", "limit"}},
		"allocation_api":         {attrs: []string{"keys"}},
		"allocate " + kindPlugin: {attrs: append([]string{"use", "region", "timeout"}, everyAllocate...)},
		"allocate " + kindScript: {attrs: append([]string{"region", "timeout"}, everyAllocate...)},
		"allocate " + kindGameflow: {
			attrs: append([]string{"game_id", "api_key", "region", "url", "fleet", "timeout"}, everyAllocate...),
		},
		"allocate " + kindLocal: {
			attrs: append([]string{"command", "env", "ports", "port_names", "address", "timeout", "health_timeout", "warm", "warm_buffer",
				"max", "cpu_limit", "max_players", "idle", "stop_grace", "memory_limit"}, everyAllocate...),
		},
	}
}

func (n names) all() []string { return slices.Concat(n.attrs, n.blocks, n.later) }

// elsewhere names the kinds of block that have such a key, for a key that is in
// the wrong place.
func (r *reader) elsewhere(name, kind string) string {
	var kinds []string
	for k, n := range r.known {
		if k != kind && k != "" && (slices.Contains(n.attrs, name) || slices.Contains(n.blocks, name)) {
			kinds = append(kinds, blockName(k))
		}
	}
	slices.Sort(kinds)
	return strings.Join(slices.Compact(kinds), " or ")
}

// blockName is how a kind of block is written: allocate "local" { }.
func blockName(kind string) string {
	kind, label, labelled := strings.Cut(kind, " ")
	if labelled {
		return kind + ` "` + label + `" { }`
	}
	return kind + " { }"
}

// later is what notYet says, without the end of the sentence.
const later = "is part of Muster's configuration but this version does not have it yet"

// notYet is the text for what is documented and not built.
func notYet(what string) string { return what + " " + later + "." }
