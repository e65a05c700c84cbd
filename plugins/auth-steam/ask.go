package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
)

// holder is whose ticket it is. OwnerSteamID is another person's when the game is
// borrowed from the family.
type holder struct {
	Result          string `json:"result"`
	SteamID         string `json:"steamid"`
	OwnerSteamID    string `json:"ownersteamid"`
	VACBanned       bool   `json:"vacbanned"`
	PublisherBanned bool   `json:"publisherbanned"`
}

// ask checks a ticket. The key stands in the address: errors must not show it.
func (s *steam) ask(ctx context.Context, ticket string) (*holder, error) {
	query := url.Values{"key": {s.WebAPIKey}, "appid": {s.AppID}, "ticket": {ticket}}
	if s.Identity != "" {
		query.Set("identity", s.Identity)
	}
	var said struct {
		Response struct {
			Params *holder `json:"params"`
			Error  *struct {
				Code int `json:"errorcode"`
			} `json:"error"`
		} `json:"response"`
	}
	answer, err := s.web.Get(ctx, s.APIURL+"/ISteamUserAuth/AuthenticateUserTicket/v1/?"+query.Encode(), nil, &said)
	if err != nil {
		return nil, err
	}
	switch answer.Status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, errKey
	default:
		return nil, hook.Unreachable(fmt.Errorf("steam answered %d", answer.Status))
	}
	if e := said.Response.Error; e != nil {
		s.Log(ctx).Debug("Steam refused a ticket", "code", e.Code)
		return nil, errInvalid
	}
	h := said.Response.Params
	if h == nil || h.Result != "OK" || !personID.MatchString(h.SteamID) || h.OwnerSteamID != "" && !personID.MatchString(h.OwnerSteamID) {
		return nil, hook.Unreachable(errors.New("steam answered neither a person nor an error"))
	}
	return h, nil
}

// name adds the person's name and picture. They are worth no failed sign-in: half
// of the time that is left is all they get.
func (s *steam) name(ctx context.Context, id *hook.Identity) {
	if deadline, ok := ctx.Deadline(); ok {
		within, cancel := context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
		ctx = within
	}
	query := url.Values{"key": {s.WebAPIKey}, "steamids": {id.Subject}}
	var said struct {
		Response struct {
			Players []struct {
				SteamID     string `json:"steamid"`
				PersonaName string `json:"personaname"`
				Avatar      string `json:"avatarfull"`
			} `json:"players"`
		} `json:"response"`
	}
	answer, err := s.web.Get(ctx, s.APIURL+"/ISteamUser/GetPlayerSummaries/v2/?"+query.Encode(), nil, &said)
	if err != nil || answer.Status != http.StatusOK {
		s.Log(ctx).Warn("a player's name is not known: Steam did not tell it", "status", answer.Status, "error", err)
		return
	}
	for _, p := range said.Response.Players {
		if p.SteamID == id.Subject {
			id.Username, id.AvatarUrl = web.Name(p.PersonaName), web.Picture(p.Avatar)
		}
	}
}
