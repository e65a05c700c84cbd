// Muster is a self-hosted match backend: players come in, game servers go out.
package main

import (
	"os"

	"github.com/muster-gg/muster/core/cli"
)

// version is set by the build (-ldflags "-X main.version=…").
var version = "dev"

func main() {
	os.Exit(cli.Main(os.Args[1:], version, os.Stdout, os.Stderr))
}
