package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// steam accepts the tickets that Steam gives players of one game.
type steam struct {
	plugin.Base
	AppID             string        `setting:"app_id,required" doc:"The game's app id at Steam."`
	WebAPIKey         string        `setting:"web_api_key,required,secret" doc:"The publisher's web API key."`
	Identity          string        `setting:"identity" doc:"What the game passes to GetAuthTicketForWebApi; tickets for anything else are refused."`
	APIURL            string        `setting:"api_url" default:"https://partner.steam-api.com" doc:"Steam's interface: https://api.steampowered.com for a key that is no publisher's."`
	Timeout           time.Duration `setting:"timeout" default:"5s" doc:"How long Steam may take."`
	RequireOwnership  bool          `setting:"require_ownership" default:"false" doc:"Refuse who plays a copy that somebody else in the family owns."`
	AllowVACBanned    bool          `setting:"allow_vac_banned" default:"false" doc:"Let in who is banned by VAC."`
	AllowPublisherBan bool          `setting:"allow_publisher_banned" default:"false" doc:"Let in who is banned by the publisher."`
	Names             bool          `setting:"names" default:"true" doc:"Ask Steam for the player's name and picture as well."`

	web *web.Client
}

var (
	_ hook.Authenticator = (*steam)(nil)
	_ plugin.Starter     = (*steam)(nil)
	_ plugin.Stopper     = (*steam)(nil)
)

// maxTicket is the length of a ticket in hex: 4 KiB.
const maxTicket = 8 << 10

var (
	appID = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)
	// A ticket is sent in hex.
	ticketForm = regexp.MustCompile(`^(?:[0-9A-Fa-f]{2})+$`)
	// The Steam id of a person: universe 1, type 1, instance 1.
	personID = regexp.MustCompile(`^7656119[0-9]{10}$`)
)

var (
	errMissing   = hook.Invalid("Steam ticket required")
	errInvalid   = hook.Refuse("Invalid Steam ticket", nil)
	errBorrowed  = hook.Refuse("This account does not own the game", nil)
	errVAC       = hook.Refuse("This Steam account is banned by VAC", nil)
	errPublisher = hook.Refuse("This Steam account is banned from the game", nil)
	errKey       = errors.New("steam does not accept the web API key for this app")
)

// Start checks the settings.
func (s *steam) Start(context.Context) error {
	switch {
	case !appID.MatchString(s.AppID):
		return plugin.BadSetting("app_id", "is not the id of a Steam app: a number")
	case strings.ContainsFunc(s.WebAPIKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return plugin.BadSetting("web_api_key", "has characters that no key has; was it copied whole, without spaces?")
	case s.Timeout <= 0:
		return plugin.BadSetting("timeout", "must be longer than nothing")
	case len(s.Identity) > 128:
		return plugin.BadSetting("identity", "has over 128 characters")
	}
	base, problem := web.Base(s.APIURL, s.Development())
	if problem != "" {
		return plugin.BadSetting("api_url", problem)
	}
	if s.Identity == "" {
		s.Log(context.Background()).Warn("without identity, a ticket that a player gave to another service of this app signs in here too")
	}
	s.APIURL, s.web = base, web.New(s.Timeout)
	return nil
}

// Stop drops idle connections.
func (s *steam) Stop(context.Context) error {
	s.web.Close()
	return nil
}

// Authenticate asks Steam whose ticket `ticket` is.
func (s *steam) Authenticate(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	ticket := r.GetFields()["ticket"].GetStringValue()
	if ticket == "" {
		return nil, errMissing
	}
	if len(ticket) > maxTicket || !ticketForm.MatchString(ticket) {
		return nil, errInvalid
	}
	owner, err := s.ask(ctx, ticket)
	switch {
	case err != nil:
		return nil, err
	case owner.PublisherBanned && !s.AllowPublisherBan:
		return nil, errPublisher
	case owner.VACBanned && !s.AllowVACBanned:
		return nil, errVAC
	case s.RequireOwnership && owner.OwnerSteamID != owner.SteamID:
		return nil, errBorrowed
	}
	id := &hook.Identity{Subject: owner.SteamID}
	if s.Names {
		s.name(ctx, id)
	}
	return id, nil
}
