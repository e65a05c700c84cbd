package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func portName(t string) (string, *misfit) {
	if !plainName.MatchString(t) {
		return "", &misfit{is: "cannot be the name of a port", help: `A name has 1 to 64 of A-Z, a-z, 0-9, "_", "-", and begins with a letter or digit.`}
	}
	return t, nil
}

// fleetVariables are what Muster sets for a local server, see protocol.md, "What
// a game server sees".
func fleetVariables(portNames []string) []string {
	all := []string{"GAMEFLOW_DEFAULT_PORT", "GAMEFLOW_REGION", "GAMEFLOW_BUILD_ID", "AGONES_SDK_HTTP_PORT"}
	for _, name := range portNames {
		all = append(all, portVariable(name))
	}
	return all
}

func portVariable(name string) string {
	return "GAMEFLOW_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_PORT"
}

// localPorts checks the ports of one block and remembers them for overlaps.
func (r *reader) localPorts(s *section, game string, l *Local) {
	seen := map[string]string{}
	for _, name := range l.PortNames {
		if other, twice := seen[portVariable(name)]; twice {
			r.fail(s.place("port_names"), problem{
				text: fmt.Sprintf("The port names %q and %q would be one variable, %s.", other, name, portVariable(name)),
			})
		}
		seen[portVariable(name)] = name
	}
	if len(l.PortNames) == 0 && !r.failedAt(s, "port_names") {
		r.fail(s.place("port_names"), problem{text: "port_names is empty: a server needs a port.", hint: `["default"]`})
		return
	}
	if r.failedAt(s, "ports") || len(l.PortNames) == 0 {
		return
	}
	r.fleets = append(r.fleets, fleet{game: game, ports: l.Ports, at: s.place("ports")})
	servers := l.Ports.Count() / len(l.PortNames)
	switch {
	case servers == 0:
		r.fail(s.place("ports"), problem{text: fmt.Sprintf("ports: one server needs %d ports, the range has %d.", len(l.PortNames), l.Ports.Count())})
	case s.has("max") && l.Max > servers && !r.failedAt(s, "max"):
		r.warn(s.place("max"), problem{text: fmt.Sprintf("max: the ports %s are enough for %d servers at a time only.", l.Ports, servers)})
	}
}

// overlaps reports ports that two blocks both want.
func (r *reader) overlaps() {
	for i, a := range r.fleets {
		for _, b := range r.fleets[:i] {
			if !a.ports.overlaps(b.ports) {
				continue
			}
			text := fmt.Sprintf("The ports %s of game %q overlap with the ports %s of game %q in line %d.",
				a.ports, a.game, b.ports, b.game, b.at.Start.Line)
			if a.game == b.game {
				text = fmt.Sprintf("The ports %s overlap with the ports %s of the other local block of game %q in line %d.",
					a.ports, b.ports, b.game, b.at.Start.Line)
			}
			r.fail(a.at, problem{text: text, help: r.freePorts(a)})
		}
	}
}

// freePorts proposes a range as long as that of f behind all others.
func (r *reader) freePorts(f fleet) string {
	last := 0
	for _, o := range r.fleets {
		if o.at != f.at {
			last = max(last, o.ports.Last)
		}
	}
	if free := (PortRange{last + 1, last + f.ports.Count()}); free.Last <= 65535 {
		return fmt.Sprintf("Free would be ports = %q.", free.String())
	}
	return "Give each block ports of its own."
}

// defaultAddress is what players are told without an address key.
func defaultAddress(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil || localURL(publicURL) {
		return "127.0.0.1"
	}
	return u.Hostname()
}
