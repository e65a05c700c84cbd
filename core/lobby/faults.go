package lobby

import "github.com/muster-gg/muster/core/fault"

// What a command may be refused with. Texts that the protocol fixes are kept to the letter.
var (
	ErrAlreadyInLobby  = fault.New("already_in_lobby", "Already in lobby")
	ErrNotInLobby      = fault.New("not_in_lobby", "Not in a lobby")
	ErrNotFound        = fault.New("lobby_not_found", "Lobby not found")
	ErrPrivate         = fault.New("lobby_private", "Lobby is private")
	ErrLobbyRequired   = fault.New("lobby_required", "Lobby ID or code required")
	ErrNotOwner        = fault.New("not_owner", "Only lobby owner can do that")
	ErrNotOwnerStart   = fault.New("not_owner", "Only lobby owner can start match")
	ErrNotOwnerBots    = fault.New("not_owner", "Only lobby owner can add bots")
	ErrNotReady        = fault.New("not_ready", "Not all players are ready")
	ErrFull            = fault.New("lobby_full", "Lobby is full")
	ErrTeamFull        = fault.New("team_full", "Team is full")
	ErrUnknownTeam     = fault.New("unknown_team", "Unknown team")
	ErrWrongPassword   = fault.New("wrong_password", "Wrong password")
	ErrStarting        = fault.New("lobby_starting", "The match is starting")
	ErrInMatch         = fault.New("in_match", "The lobby is in a match")
	ErrAlreadyStarting = fault.New("already_starting", "The match is starting already")
	ErrNotStarting     = fault.New("not_starting", "No match is starting")
	ErrStartCancelled  = fault.New("start_cancelled", "The start was cancelled")
	ErrTooFewPlayers   = fault.New("too_few_players", "Not enough players")
	ErrKicked          = fault.New("kicked", "You were removed from this lobby")
	ErrNotMember       = fault.New("not_member", "That player is not in this lobby")
	ErrLobbyLimit      = fault.New("lobby_limit", "Too many lobbies, please try again later")
	ErrInvalidField    = fault.New("invalid_field", "A field is out of range")
	// ErrUnknownAllocation ends a start of which nobody knows whether it made a server.
	ErrUnknownAllocation = fault.New("allocation_unknown", "Failed to allocate game server")
)
