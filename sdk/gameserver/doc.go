// Package gameserver is the SDK of dedicated game servers. A server that uses it
// runs unchanged on Muster's local fleet, on GameFlow and on Agones: all three
// offer the same small REST interface on loopback (the "sidecar").
//
//	gs, err := gameserver.Connect(ctx, gameserver.Options{})
//	port, err := gs.Port("default")          // listen there
//	payload, err := gs.WaitPayload(ctx)      // which match, which players
//	err = gs.Ready(ctx)                      // players may come
//	player, err := gs.CheckTicket(ticket)    // who is this?
//	err = gs.PlayerConnected(ctx, player.AccountID)
//	err = gs.Report(ctx, gameserver.Result{…})
//	err = gs.Shutdown(ctx)
//	gs.Close()
//
// A server that is started for one match finds its payload at once. A server of a
// warm pool says Ready first and then waits for its payload.
//
// Without a sidecar (a server started by hand) the local mode answers in its
// place: see [Options.AllowLocal].
package gameserver
