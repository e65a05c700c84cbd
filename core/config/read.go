package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// config reads the whole file.
func (r *reader) config(body *hclsyntax.Body) *Config {
	start := hcl.Pos{Line: 1, Column: 1}
	file := r.open("", "this file", body, hcl.Range{Filename: r.file, Start: start, End: start})
	c := &Config{Path: r.file, Dir: r.dir}
	server := file.one("server", "server")
	c.Server = r.server(server)
	auth := file.one("auth", "auth")
	c.Auth = r.auth(auth)
	limits := file.one("limits", "limits")
	c.Limits.Disabled = get(limits, "disabled", false, boolean)
	c.SQLite = r.store(file, c.Server)
	c.Plugins = r.plugins(file, "", c.Server.Mode)
	c.Games = r.games(file, c)
	r.defaultGame(server, c)
	r.overlaps()
	r.idlePlugins()
	if c.Server.Mode == Production {
		r.production(c, server, auth, limits)
	}
	return c
}

func (r *reader) auth(s *section) Auth {
	a := Auth{
		Secret:     get(s, "secret", Secret{}, of(secretText)),
		AccessTTL:  get(s, "access_ttl", hours(720), duration(seconds(1), years(10))),
		RefreshTTL: get(s, "refresh_ttl", hours(2160), duration(seconds(1), years(10))),
	}
	if a.RefreshTTL < a.AccessTTL {
		name := "refresh_ttl"
		if !s.has(name) {
			name = "access_ttl"
		}
		r.fail(s.place(name), problem{
			text: fmt.Sprintf("An access token of %s would outlive its sign-in of %s.", short(a.AccessTTL), short(a.RefreshTTL)),
			help: "Make refresh_ttl at least as long as access_ttl.",
		})
	}
	return a
}

// The least lengths of the server's secret, in bytes.
const (
	minSecret           = 16
	minProductionSecret = 32
)

func secretText(t string) (Secret, *misfit) {
	if t != "" && len(t) < minSecret {
		return Secret{}, &misfit{
			is:   fmt.Sprintf("has %d bytes, too few for a secret", len(t)),
			help: fmt.Sprintf("Give at least %d bytes, %d in production, or none: a development server then makes its own.", minSecret, minProductionSecret),
		}
	}
	return NewSecret(t), nil
}

func (r *reader) store(file *section, server Server) SQLite {
	const label = `the kind of store, "sqlite"`
	def := SQLite{Path: joined(server.DataDir, "muster.db")}
	for i, b := range file.blocks("store", label) {
		switch kind := b.Labels[0]; {
		case kind == "postgres":
			r.fail(b.DefRange(), problem{text: notYet(`The block store "postgres" { }`), help: `This version has store "sqlite".`})
		case kind != kindSQLite:
			p := problem{text: fmt.Sprintf("There is no store %q.", kind), help: `This version has store "sqlite".`}
			if nearest(kind, []string{kindSQLite}) != "" {
				p.hint = `"sqlite"`
			}
			r.fail(b.LabelRanges[0], p)
		case i > 0:
			r.fail(b.DefRange(), problem{text: "There is more than one store.", help: "Keep one."})
		default:
			s := r.open("store", `store "sqlite"`, b.Body, b.DefRange())
			def.Path = s.path("path", def.Path)
		}
	}
	return def
}

// gameName is for whatever is part of addresses or of what clients send.
var gameName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

const gameNameHelp = `A name has 1 to 32 of a-z, 0-9, "_", "-", and begins with a letter or digit.`

func (r *reader) games(file *section, c *Config) []Game {
	seen := map[string]int{}
	var all []Game
	blocks := file.blocks("game", "a name")
	for _, b := range blocks {
		name, at := b.Labels[0], b.LabelRanges[0]
		if !gameName.MatchString(name) {
			p := problem{
				text: fmt.Sprintf("%q cannot be the name of a game: it is part of addresses.", name),
				help: gameNameHelp,
			}
			if fixed := slug(name); gameName.MatchString(fixed) {
				p.hint = `"` + fixed + `"`
			}
			r.fail(at, p)
		} else if line, twice := seen[name]; twice {
			r.fail(at, problem{text: fmt.Sprintf("There is a game %q already, in line %d.", name, line), help: "Give this one another name."})
		} else {
			seen[name] = at.Start.Line
		}
		all = append(all, r.game(b, c))
	}
	if len(file.body.Blocks) == 0 || len(blocks) == 0 && !hasBlock(file.body, "game") {
		r.fail(file.at, problem{text: "There is no game in this file.", help: `Add a block: game "arena" { }.`})
	}
	return all
}

// slug is a name as it may be part of an address, if it was close to that.
func slug(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

func hasBlock(body *hclsyntax.Body, kind string) bool {
	for _, b := range body.Blocks {
		if b.Type == kind {
			return true
		}
	}
	return false
}

// title parses a text that people read: up to 64 printable characters.
func title(t string) (string, *misfit) {
	if t == "" || t != strings.TrimSpace(t) || utf8.RuneCountInString(t) > 64 || strings.ContainsFunc(t, unicode.IsControl) {
		return "", &misfit{is: "is not a title", help: "A title has 1 to 64 characters, no control characters, no space at its ends."}
	}
	return t, nil
}
