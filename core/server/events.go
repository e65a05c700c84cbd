package server

import (
	"context"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/transport"
	"github.com/muster-gg/muster/sdk/hook"
)

// events tells a game's hooks what happened to accounts and sockets.
type events struct{ hooks *hooks.Runner }

var _ transport.Events = events{}

// wanted reports whether anybody listens, so that messages are made for somebody.
func (e events) wanted() bool { return e.hooks.Serves(hook.PointEvents) }

func (e events) accountCreated(_ context.Context, a store.Account, by store.Identity) {
	if !e.wanted() {
		return
	}
	e.hooks.Emit(&hook.Event{Kind: &hook.Event_AccountCreated{AccountCreated: &hook.AccountCreated{
		AccountId: a.ID, Username: a.Username,
		Identity: &hook.Identity{Provider: by.Provider, Subject: by.Subject, Username: by.Username, AvatarUrl: by.AvatarURL, Vars: by.Vars},
	}}})
}

// SessionOpened implements transport.Events.
func (e events) SessionOpened(accountID, username string) {
	if e.wanted() {
		e.hooks.Emit(&hook.Event{Kind: &hook.Event_SessionOpened{SessionOpened: &hook.SessionOpened{AccountId: accountID, Username: username}}})
	}
}

// SessionClosed implements transport.Events.
func (e events) SessionClosed(accountID, username string, code int) {
	if e.wanted() {
		e.hooks.Emit(&hook.Event{Kind: &hook.Event_SessionClosed{SessionClosed: &hook.SessionClosed{
			AccountId: accountID, Username: username, Code: int32(code),
		}}})
	}
}
