package wire

import "net/http"

// Status is the HTTP status of a REST answer with this code. Codes that say that
// the request cannot be done now are 409, unknown ones 500.
func Status(code string) int {
	switch code {
	case CodeInvalidRequest, CodeInvalidField, CodeInvalidMessage, CodeInvalidResult,
		CodeUsernameRequired, CodeUsernameInvalid, CodeUnknownType, CodeLobbyRequired, CodeUnknownTeam:
		return http.StatusBadRequest
	case CodeUnauthorized, CodeInvalidToken, CodeTokenRequired, CodeProviderRefused:
		return http.StatusUnauthorized
	case CodeBanned, CodeKicked, CodeLobbyPrivate, CodeNotOwner, CodeWrongPassword:
		return http.StatusForbidden
	case CodeNotFound, CodeAccountNotFound, CodeProviderUnknown, CodeLobbyNotFound:
		return http.StatusNotFound
	case CodeMatchClosed, CodeIdentityTaken, CodeLastIdentity, CodeRefusedByHook,
		CodeAlreadyInLobby, CodeNotInLobby, CodeNotReady, CodeAlreadySearching, CodeLobbyFull,
		CodeTeamFull, CodeLobbyStarting, CodeInMatch, CodeAlreadyStarting, CodeNotStarting,
		CodeStartCancelled, CodeTooFewPlayers, CodeNotMember:
		return http.StatusConflict
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case CodeRateLimited:
		return http.StatusTooManyRequests
	case CodeProviderUnreachable, CodeAllocationFailed, CodeAllocationUnknown, CodeServerLost:
		return http.StatusBadGateway
	case CodeProviderUnavailable, CodeDraining, CodeTryAgain, CodeHookUnavailable, CodeLobbyLimit:
		return http.StatusServiceUnavailable
	case CodeHookTimeout, CodeMatchTimeout:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError // internal, hook_failed
}
