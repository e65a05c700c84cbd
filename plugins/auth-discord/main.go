// Command auth-discord signs players in with a Discord access token.
package main

import "github.com/muster-gg/muster/sdk/plugin"

func main() {
	plugin.Serve(&discord{}, plugin.Info{Name: "auth-discord", Version: "1.0.0", Doc: "Signs players in with Discord."})
}
