package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// The variables of an EnvFile: those of the template, and ours.
const (
	EnvPort       = "PORT"
	EnvSecret     = "JWT_SECRET"
	EnvGameID     = "GAMEFLOW_GAME_ID"
	EnvAPIKey     = "GAMEFLOW_API_KEY"
	EnvAPIURL     = "GAMEFLOW_API_URL"
	EnvRegion     = "GAMEFLOW_REGION"
	EnvGameMode   = "GAMEFLOW_GAME_MODE"
	EnvDiscord    = "DISCORD_APPLICATION_ID"
	EnvPublicURL  = "MUSTER_PUBLIC_URL"
	EnvHost       = "MUSTER_HOST"
	EnvAdmin      = "MUSTER_ADMIN_LISTEN"
	envPort       = "3000" // the template's
	envPortHelp   = "It is a number up to 65535; without it the port is " + envPort + "."
	envAdminHelp  = "It is written as \"127.0.0.1:7351\", and not on the port of " + EnvPort + "."
	envPublicHelp = "Set " + EnvPublicURL + " to where they can reach you: \"https://play.example.com\"."
	// envTeamSize is the size of the teams A and B.
	envTeamSize = 4
)

func (f *EnvFile) server() {
	port, _ := f.opts.LookupEnv(EnvPort)
	port = cmp.Or(port, envPort)
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		f.fail(EnvPort, "Its value is not a port.", envPortHelp)
		port = envPort
	}
	f.add("server {")
	listen := fmt.Sprintf(`listen = ":%s"`, port)
	if f.set(EnvHost) {
		listen = fmt.Sprintf(`listen = "${env(%q)}:%s"`, EnvHost, port)
		f.lines = append(f.lines, envLine{listen, EnvHost, "It is the address of this machine to listen on; without it, on all of them."})
	} else {
		f.lines = append(f.lines, envLine{listen, EnvPort, "The port of " + EnvAdmin + " is another one; without it that is 7351."})
	}
	f.key("admin_listen", EnvAdmin, envAdminHelp)
	f.key("public_url", EnvPublicURL, `It is written as "https://play.example.com", or with http.`)
	f.add("}")
}

func (f *EnvFile) auth() {
	if !f.set(EnvSecret) {
		f.warn(EnvSecret, "It is not set: a secret is made once and kept in the data folder.", "")
	}
	f.add("auth {")
	f.key("secret", EnvSecret, fmt.Sprintf("Give at least %d bytes: \"openssl rand -hex 32\" makes a good one.", minSecret))
	f.add("}")
}

func (f *EnvFile) game() {
	f.add(fmt.Sprintf("game %q {", EnvGame))
	if f.discord() {
		f.add(`auth = ["anonymous", "discord"]`)
		f.add(`plugin "discord" {`)
		f.add(fmt.Sprintf("command = [%s]", quotedHCL(f.opts.Discord)))
		f.lines = append(f.lines, envLine{text: `config {`, variable: EnvDiscord})
		f.key("application_id", EnvDiscord, "")
		f.add("}")
		f.add("}")
	} else {
		f.add(`auth = ["anonymous"]`)
	}
	f.add("lobby {")
	for _, team := range []string{"A", "B"} {
		f.add(fmt.Sprintf("team %q {", team))
		f.add(fmt.Sprintf("size = %d", envTeamSize))
		f.add("}")
	}
	f.add("}")
	f.gameflow()
	f.queue()
	f.add("}")
}

// gameflow writes where servers come from. The template starts without, and can
// then start no match: so it is here, said at once.
func (f *EnvFile) gameflow() {
	missing := slices.DeleteFunc([]string{EnvGameID, EnvAPIKey}, f.set)
	if len(missing) == 1 {
		f.fail(missing[0], "It is not set.", "GameFlow asks for both, "+EnvGameID+" and "+EnvAPIKey+".")
	}
	if len(missing) > 0 {
		// The warning about the game, which has nothing to make servers with.
		at := slices.IndexFunc(f.lines, func(l envLine) bool { return l.text == fmt.Sprintf("game %q {", EnvGame) })
		f.lines[at].variable, f.lines[at].help = missing[0], "Set "+EnvGameID+" and "+EnvAPIKey+": matches start on GameFlow's servers."
		return
	}
	f.lines = append(f.lines, envLine{`allocate "gameflow" {`, EnvPublicURL, envPublicHelp})
	f.key("game_id", EnvGameID, "")
	f.key("api_key", EnvAPIKey, "")
	f.key("url", EnvAPIURL, `It is written as "https://api.gameflow.gg/v1".`)
	f.key("region", EnvRegion, `It is a region of GameFlow, such as "us-east".`)
	f.add("}")
}

// queue writes the queue of players who search for a match.
func (f *EnvFile) queue() {
	if !f.set(EnvGameID) || !f.set(EnvAPIKey) {
		return
	}
	f.add(`queue "default" {`)
	f.add(`provider = "gameflow"`)
	f.key("mode", EnvGameMode, `It is the name of a mode that your matchmaker at GameFlow is published for, such as "default".`)
	f.add("}")
}

// quotedHCL is text in quotes as the config language reads it.
func quotedHCL(text string) string {
	out := []byte{'"'}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case (c == '$' || c == '%') && i+1 < len(text) && text[i+1] == '{':
			out = append(out, c, c)
		case c == '\n':
			out = append(out, `\n`...)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}
