// Command validate-rules refuses the start of matches by rules of config.hcl.
package main

import "github.com/muster-gg/muster/sdk/plugin"

func main() {
	plugin.Serve(&rules{}, plugin.Info{Name: "validate-rules", Version: "1.0.0", Doc: "Lets a match start only if the lobby keeps the rules."})
}
