package config

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
func hours(n int) time.Duration   { return time.Duration(n) * time.Hour }
func years(n int) time.Duration   { return hours(n * 365 * 24) }

const defaultAdminListen = "127.0.0.1:7351"

func (r *reader) server(s *section) Server {
	c := Server{Mode: get(s, "mode", Development, oneOf(Development, Production))}
	address := "127.0.0.1:7350"
	if c.Mode == Production {
		address = ":7350"
	}
	c.Listen = get(s, "listen", address, of(listen))
	c.AdminListen = get(s, "admin_listen", defaultAdminListen, of(listen))
	c.DataDir = s.path("data_dir", joined(r.dir, "data"))
	c.Origins = getList(s, "origins", nil, of(origin))
	c.TrustedProxies = getList(s, "trusted_proxies", nil, of(network))
	c.Drain = get(s, "drain", seconds(20), duration(0, hours(24)))
	c.TLS = r.tls(s)
	c.PublicURLDerived = !s.has("public_url")
	c.PublicURL = get(s, "public_url", PublicURLFor(c.Listen, c.TLS != nil), of(webURL))
	r.listeners(s, c)
	return c
}

func (r *reader) tls(server *section) *TLS {
	if !hasBlock(server.body, "tls") {
		return nil
	}
	s := server.one("tls", "tls")
	for _, name := range []string{"cert", "key"} {
		s.required(name, "the file of the "+map[string]string{"cert": "certificate", "key": "private key"}[name])
	}
	t := &TLS{Cert: s.path("cert", ""), Key: s.path("key", "")}
	s.fileThere("cert", t.Cert, false)
	s.fileThere("key", t.Key, false)
	return t
}

// listeners looks at the two listeners together.
func (r *reader) listeners(s *section, c Server) {
	host, port, _ := net.SplitHostPort(c.AdminListen)
	otherHost, other, _ := net.SplitHostPort(c.Listen)
	if port == other && port != "0" && (host == otherHost || everywhere(host) || everywhere(otherHost)) {
		name := "admin_listen"
		if !s.has(name) {
			name = "listen"
		}
		r.fail(s.place(name), problem{
			text: fmt.Sprintf("listen and admin_listen both want port %s.", port),
			help: "Give one of them another port.",
		})
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		r.warn(s.place("admin_listen"), problem{
			text: "The admin listener can be reached from other machines and asks nobody who they are.",
			help: "Keep it on 127.0.0.1, or see to it that only operators reach it.",
		})
	}
}

func everywhere(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// production checks what is demanded of a server for strangers.
func (r *reader) production(c *Config, server, auth, limits *section) {
	mode := server.place("mode")
	if len(c.Auth.Secret.Reveal()) < minProductionSecret && !r.failedAt(auth, "secret") {
		at := mode
		if auth.has("secret") {
			at = auth.place("secret")
		}
		r.fail(at, problem{
			text: fmt.Sprintf("Production needs a secret of at least %d bytes.", minProductionSecret),
			help: `Set auth { secret = env("MUSTER_SECRET") }; "openssl rand -hex 32" makes one.`,
		})
	}
	if len(c.Server.Origins) == 0 && !r.failedAt(server, "origins") {
		at := mode
		if server.has("origins") {
			at = server.place("origins")
		}
		r.fail(at, problem{
			text: "Production needs the origins that browsers may connect from.",
			help: `Set server { origins = ["https://play.example.com"] }.`,
		})
	}
	if !strings.HasPrefix(c.Server.PublicURL, "https://") {
		at := mode
		if server.has("public_url") {
			at = server.place("public_url")
		}
		r.warn(at, problem{
			text: "The public address is " + r.publicURLText(server, c) + ": without https, anybody on the way can read tokens.",
			help: `Set public_url = "https://…", with tls { } here or at a proxy in front.`,
		})
	}
	if c.Limits.Disabled {
		r.warn(limits.place("disabled"), problem{text: "The limits on floods and guesses are off in production."})
	}
}

// publicURLText is the public address as the file gives it, or as it was derived.
func (r *reader) publicURLText(server *section, c *Config) string {
	if server.has("public_url") {
		return r.quote(server.place("public_url"))
	}
	return PublicURLFor(c.Server.Listen, c.Server.TLS != nil) + " (it follows listen)"
}

// failedAt reports whether the value of a key has an error already.
func (r *reader) failedAt(s *section, name string) bool {
	a := s.body.Attributes[name]
	if a == nil {
		return false
	}
	at := a.Expr.Range()
	for _, d := range r.diags {
		if d.Severity == Error && d.Line >= at.Start.Line && d.Line <= at.End.Line {
			return true
		}
	}
	return false
}

func (r *reader) defaultGame(s *section, c *Config) {
	if !s.has("default_game") {
		if len(c.Games) == 1 {
			c.Server.DefaultGame = c.Games[0].Name
		}
		return
	}
	c.Server.DefaultGame = get(s, "default_game", "", of(func(t string) (string, *misfit) {
		if _, there := c.Game(t); there {
			return t, nil
		}
		names := make([]string, len(c.Games))
		for i, g := range c.Games {
			names[i] = g.Name
		}
		bad := &misfit{is: "is not a game of this file"}
		if hint := nearest(t, names); hint != "" {
			bad.hint = `"` + hint + `"`
		}
		if len(names) > 0 {
			bad.help = "Here are " + list(quoted(names), "and") + "."
		}
		return "", bad
	}))
}
