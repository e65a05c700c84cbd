// Package client is Muster's client for players written in Go: bots, load
// generators, tests, games. Client makes REST calls, Conn is one player's socket.
//
//	api := client.New(client.Config{URL: "http://localhost:8080", Game: "arena"})
//	session, err := api.SignIn(ctx, "Ada", deviceID)
//	conn, err := client.Dial(ctx, client.Options{URL: api.URL(), Game: "arena", Token: session.AccessToken})
//	lobby, err := conn.CreateLobby(ctx, client.LobbyOptions{Name: "Friday"})
//
// A Conn costs one goroutine and a few kilobytes, so that one process can hold
// thousands of them; see Options.SkipLobbies and Options.Raw for loads.
package client
