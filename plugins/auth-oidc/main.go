// Command auth-oidc signs players in with an ID token of OpenID Connect.
package main

import "github.com/muster-gg/muster/sdk/plugin"

func main() {
	plugin.Serve(&oidc{}, plugin.Info{Name: "auth-oidc", Version: "1.0.0", Doc: "Signs players in with Google, Apple, Epic or any other OpenID Connect provider."})
}
