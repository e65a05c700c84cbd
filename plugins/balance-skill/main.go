// Command balance-skill makes teams of equal skill.
package main

import "github.com/muster-gg/muster/sdk/plugin"

func main() {
	plugin.Serve(&balancer{}, plugin.Info{Name: "balance-skill", Version: "1.0.0", Doc: "Makes teams of equal skill, and can keep the ratings itself."})
}
