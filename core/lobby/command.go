package lobby

// Who is the player who asks for something.
type Who struct{ AccountID, Username string }

// Draft is a lobby to be made, as asked for. Password is in the clear.
type Draft struct {
	Name       string
	IsPrivate  bool
	MaxPlayers *int
	Password   string
	Properties Properties
}

// JoinRequest asks for a seat. Code wins over LobbyID.
type JoinRequest struct{ Code, LobbyID, Team, Password string }

// Change is what an owner changes of a lobby; nil leaves a field as it is.
// Password "" clears it; a property whose value is null is deleted.
type Change struct {
	Name       *string
	IsPrivate  *bool
	MaxPlayers *int
	Password   *string
	Properties Properties
}

// Result is the answer to an accepted command.
type Result struct {
	Snapshot
	// Changed is false when the command changed nothing: the snapshot is then for
	// the sender alone.
	Changed bool
}

// Return is what a player finds when he connects.
type Return struct {
	// Snapshot of his lobby; its Lobby is nil when he has no seat.
	Snapshot
	// Notices are what ended while he was away, oldest first.
	Notices []Notice
}
