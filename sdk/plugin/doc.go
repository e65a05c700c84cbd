// Package plugin makes a Muster plugin of a Go value. The value embeds Base, has
// the method of every extension point that it serves (the interfaces of package
// hook), and one field for each of its settings:
//
//	type discord struct {
//		plugin.Base
//		ApplicationID string `setting:"application_id,required" doc:"The Discord application whose tokens are accepted."`
//	}
//
//	func (d *discord) Authenticate(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) { … }
//
//	func main() { plugin.Serve(&discord{}) }
//
// Methods are called from many goroutines at once. In each of them hook.CallFrom
// says for which game, hook.HostFrom reaches the game's storage and its players,
// and Base.Log logs through the server. A hook says no with hook.Refuse; any other
// error, and a panic, is a failure, and config.hcl says what follows from it.
//
// The rest is done for the author: handshake, encryption, health, logs, a clean
// end, and that the process never outlives the server.
package plugin
