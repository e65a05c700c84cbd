package wire

// Codes of answers, stable for programs. Those of the socket's `error` and
// `match:failed` come first, then those that only REST has.
const (
	CodeAlreadyInLobby    = "already_in_lobby"
	CodeNotInLobby        = "not_in_lobby"
	CodeLobbyNotFound     = "lobby_not_found"
	CodeLobbyPrivate      = "lobby_private"
	CodeLobbyRequired     = "lobby_required"
	CodeNotOwner          = "not_owner"
	CodeNotReady          = "not_ready"
	CodeAllocationFailed  = "allocation_failed"
	CodeAllocationUnknown = "allocation_unknown"
	CodeAlreadySearching  = "already_searching"
	CodeUnknownType       = "unknown_type"
	CodeInvalidMessage    = "invalid_message"
	CodeInvalidField      = "invalid_field"
	CodeLobbyFull         = "lobby_full"
	CodeTeamFull          = "team_full"
	CodeUnknownTeam       = "unknown_team"
	CodeWrongPassword     = "wrong_password"
	CodeLobbyStarting     = "lobby_starting"
	CodeInMatch           = "in_match"
	CodeAlreadyStarting   = "already_starting"
	CodeNotStarting       = "not_starting"
	CodeStartCancelled    = "start_cancelled"
	CodeTooFewPlayers     = "too_few_players"
	CodeKicked            = "kicked"
	CodeNotMember         = "not_member"
	CodeLobbyLimit        = "lobby_limit"
	CodeRefusedByHook     = "refused_by_hook"
	CodeHookFailed        = "hook_failed"
	CodeHookTimeout       = "hook_timeout"
	CodeHookUnavailable   = "hook_unavailable"
	CodeMatchTimeout      = "match_timeout"
	CodeServerLost        = "server_lost"
	CodeRateLimited       = "rate_limited"
	CodeTryAgain          = "try_again"
	CodeDraining          = "draining"
	CodeInternal          = "internal"
	CodeInvalidToken      = "invalid_token"
	CodeTokenRequired     = "token_required"
	CodeBanned            = "banned"

	CodeUnauthorized        = "unauthorized"
	CodeUsernameRequired    = "username_required"
	CodeUsernameInvalid     = "username_invalid"
	CodeInvalidRequest      = "invalid_request"
	CodeInvalidResult       = "invalid_result"
	CodeNotFound            = "not_found"
	CodeAccountNotFound     = "account_not_found"
	CodeProviderUnknown     = "provider_unknown"
	CodeProviderRefused     = "provider_refused"
	CodeProviderUnreachable = "provider_unreachable"
	CodeProviderUnavailable = "provider_unavailable"
	CodeTooLarge            = "too_large"
	CodeMatchClosed         = "match_closed"
	CodeIdentityTaken       = "identity_taken"
	CodeLastIdentity        = "last_identity"
)

// Texts that clients of the public template compare or show.
const (
	TextAlreadyInLobby         = "Already in lobby"
	TextNotInLobby             = "Not in a lobby"
	TextLobbyNotFound          = "Lobby not found"
	TextLobbyPrivate           = "Lobby is private"
	TextLobbyRequired          = "Lobby ID or code required"
	TextNotOwnerStart          = "Only lobby owner can start match"
	TextNotOwnerBots           = "Only lobby owner can add bots"
	TextNotReady               = "Not all players are ready"
	TextAllocationFailed       = "Failed to allocate game server"
	TextAlreadySearching       = "Already searching for a match"
	TextMatchmakingEnter       = "Failed to enter matchmaking"
	TextMatchmakingFailed      = "Matchmaking failed"
	TextMatchmakingUnavailable = "Matchmaking unavailable"
	TextUnknownType            = "Unknown message type"
	TextInvalidMessage         = "Invalid message format"
	TextInvalidToken           = "Invalid token"
	TextTokenRequired          = "Token required"
	TextUnauthorized           = "Unauthorized"
	TextUsernameRequired       = "Username required"
	TextInvalidRequest         = "Invalid request body"
	TextNotFound               = "Not Found"
	TextUnknownRpc             = "Unknown rpc"
)

// Close codes of the WebSocket.
const (
	// CloseGoingAway: the node drains; `server:draining` came before.
	CloseGoingAway = 1001
	// CloseTooBig: a frame over MaxFrame.
	CloseTooBig = 1009
	// CloseToken: no token, a bad one, or its sign-in has ended.
	CloseToken = 4401
	// CloseBanned: the account may not connect.
	CloseBanned = 4403
	// CloseIdle: nothing was heard for too long.
	CloseIdle = 4408
	// CloseReplaced: another socket of the same account took over.
	CloseReplaced = 4409
	// CloseSlow: the client reads too slowly.
	CloseSlow = 4413
	// CloseFlood: the client sends too much.
	CloseFlood = 4429
)
