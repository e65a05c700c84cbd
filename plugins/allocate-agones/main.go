// Command allocate-agones gets game servers from a fleet of Agones.
package main

import "github.com/muster-gg/muster/sdk/plugin"

func main() {
	plugin.Serve(&agones{}, plugin.Info{Name: "allocate-agones", Version: "1.0.0", Doc: "Gets game servers from Agones' allocator service."})
}
