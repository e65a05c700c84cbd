// Package hook is the contract between Muster and the rules of a game: one small
// interface per extension point, its messages, and how to say no.
//
// A hook is any value that implements one or more of the interfaces. Messages and
// interfaces are generated from sdk/proto/muster/v1, where each is documented.
// Messages that a hook is given are its own copies; it may change and keep them.
//
//	type rules struct{}
//
//	func (rules) ValidateStart(ctx context.Context, lobby *hook.Lobby) error {
//		for _, team := range lobby.Teams {
//			if len(team.Players) == 0 {
//				return hook.Refuse("both teams need a player", nil)
//			}
//		}
//		return nil
//	}
//
// Methods are called from many goroutines at once. The context ends at the hook's
// deadline; an answer that comes later is not used.
package hook
