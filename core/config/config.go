// Package config reads Muster's config file: HCL in, checked values with all
// defaults out. Every mistake of a file is reported at once, each with file,
// line, column, the offending text and, where there is one, what was meant. It
// also tells what differs between two configs.
//
// The package starts nothing, opens no socket and writes no file. Its functions
// may be called from any goroutine; a Config is not changed after it was made.
package config

import (
	"net/netip"
	"time"
)

// Config is a whole config file with its defaults filled in.
type Config struct {
	// Path is the file as it was named by the caller.
	Path string
	// Dir is the absolute folder of the file: relative paths in it start here.
	Dir    string
	Server Server `config:"server"`
	Auth   Auth   `config:"auth"`
	Limits Limits `config:"limits"`
	SQLite SQLite `config:"store.sqlite,restart"`
	// Plugins are those that all games may use, in the order of the file.
	Plugins []Plugin `config:"plugin"`
	// Games are in the order of the file; there is at least one.
	Games []Game `config:"game"`
}

// Game returns a game by name.
func (c *Config) Game(name string) (Game, bool) {
	for _, g := range c.Games {
		if g.Name == name {
			return g, true
		}
	}
	return Game{}, false
}

// Mode says how strict the server is.
type Mode string

// The modes.
const (
	Development Mode = "development"
	Production  Mode = "production"
)

// Server is the block of that name.
type Server struct {
	Mode Mode `config:"mode,restart"`
	// Listen is "host:port" for players; the host may be empty for all
	// interfaces, the port 0 for any that is free.
	Listen string `config:"listen,restart"`
	// AdminListen is the same for metrics, health, profiles and the console.
	AdminListen string `config:"admin_listen,restart"`
	// PublicURL is how the world reaches Listen, without a slash at its end.
	PublicURL string `config:"public_url"`
	// PublicURLDerived: the file does not set PublicURL. With port 0 it has to be
	// made anew by PublicURLFor when the port is known.
	PublicURLDerived bool
	// DefaultGame answers at the root as well. Empty: several games, none of them.
	DefaultGame string `config:"default_game"`
	// DataDir is an absolute path. It may not exist yet.
	DataDir string `config:"data_dir,restart"`
	// Origins are web origins such as https://play.example.com, in lower case,
	// without a default port. Never empty in production.
	Origins []string `config:"origins"`
	// TrustedProxies may name the player's address in X-Forwarded-For.
	TrustedProxies []netip.Prefix `config:"trusted_proxies"`
	// Drain is the longest that a shutdown waits for sockets and starts.
	Drain time.Duration `config:"drain"`
	// TLS is nil for plain HTTP.
	TLS *TLS `config:"tls,restart"`
}

// TLS names the files of the certificate of Server.Listen, absolute.
type TLS struct {
	Cert string `config:"cert"`
	Key  string `config:"key"`
}

// Auth is the block of that name.
type Auth struct {
	// Secret signs tokens. Empty in development alone: the server makes one and
	// keeps it in its data folder.
	Secret Secret `config:"secret,restart"`
	// AccessTTL is how long an access token lives; never longer than RefreshTTL.
	AccessTTL time.Duration `config:"access_ttl"`
	// RefreshTTL is how long a sign-in lives after its last refresh.
	RefreshTTL time.Duration `config:"refresh_ttl"`
}

// Limits is the block of that name.
type Limits struct {
	// Disabled turns rate, guess, sign-in and flood limits off.
	Disabled bool `config:"disabled"`
}

// SQLite is the store of that name.
type SQLite struct {
	// Path is the absolute path of the database file. Its folder may not exist yet.
	Path string `config:"path"`
}
