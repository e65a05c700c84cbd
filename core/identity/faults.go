package identity

import "github.com/muster-gg/muster/core/fault"

// What this package answers with. Transport maps the codes to statuses:
//
//	username_required     400  no username in the request
//	username_invalid      400  not 1–32 characters, a control character, not text
//	invalid_field         400  another field is out of range; the text names it
//	provider_unknown      404  this game has no such sign-in provider
//	provider_refused      401  the provider says no; the text may be its own
//	provider_unreachable  502  the provider's service did not answer
//	provider_unavailable  503  the provider failed or answered nonsense
//	identity_taken        409  the identity is linked to another account
//	last_identity         409  the account would have no way to sign in left
//	not_found             404  no identity of that provider is linked
//	invalid_token         401  access or refresh token: malformed, foreign, expired, spent, ended
//	account_not_found     404  no such account in this game
//	internal, try_again        as in package fault
//
// provider_refused and provider_unreachable are for providers to return; the
// built-in one never needs them.
var (
	ErrUsernameRequired    = fault.New("username_required", "Username required")
	ErrUsernameInvalid     = fault.New("username_invalid", "Username must have 1 to 32 characters and no control characters")
	ErrInvalidField        = fault.New("invalid_field", "A field is out of range")
	ErrProviderUnknown     = fault.New("provider_unknown", "Unknown sign-in provider")
	ErrProviderRefused     = fault.New("provider_refused", "Sign-in refused")
	ErrProviderUnreachable = fault.New("provider_unreachable", "The sign-in provider cannot be reached")
	ErrProviderUnavailable = fault.New("provider_unavailable", "Sign-in is unavailable, please try again later")
	ErrIdentityTaken       = fault.New("identity_taken", "This sign-in belongs to another account")
	ErrLastIdentity        = fault.New("last_identity", "The last sign-in of an account cannot be unlinked")
	ErrNotLinked           = fault.New("not_found", "This sign-in is not linked")
	ErrInvalidToken        = fault.New("invalid_token", "Invalid token")
	ErrAccountNotFound     = fault.New("account_not_found", "Account not found")
)
