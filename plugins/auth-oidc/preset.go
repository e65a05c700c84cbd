package main

// preset is what is publicly documented of a provider.
type preset struct {
	// issuers are the forms of `iss` that its tokens may have; the first is its own.
	issuers []string
	// names are the claims that may hold a name for the player, the best first.
	names []string
	// noNonce says that its tokens may declare, by nonce_supported, that the device
	// could not send one.
	noNonce bool
}

// presets by the words of the setting. Apple's tokens hold no name. Epic has issued
// for two versions of its interface.
var presets = map[string]preset{
	"google": {
		issuers: []string{"https://accounts.google.com", "accounts.google.com"},
		names:   []string{"name", "given_name"},
	},
	"apple": {
		issuers: []string{"https://appleid.apple.com"},
		noNonce: true,
	},
	"epic": {
		issuers: []string{"https://api.epicgames.dev/epic/oauth/v2", "https://api.epicgames.dev/epic/oauth/v1"},
		names:   []string{"dn", "preferred_username"},
	},
	"none": {
		names: []string{"preferred_username", "nickname", "name"},
	},
}
