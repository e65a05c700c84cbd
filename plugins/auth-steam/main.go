// Command auth-steam signs players in with a Steam ticket.
package main

import "github.com/muster-gg/muster/sdk/plugin"

func main() {
	plugin.Serve(&steam{}, plugin.Info{Name: "auth-steam", Version: "1.0.0", Doc: "Signs players in with Steam."})
}
