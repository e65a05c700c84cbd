package main

import (
	"net/http"
	"net/url"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ticketPath = "/ISteamUserAuth/AuthenticateUserTicket/v1/"
	namePath   = "/ISteamUser/GetPlayerSummaries/v2/"
	// key is a web API key, good a ticket: both are secret.
	key  = "0123456789ABCDEF0123456789ABCDEF"
	good = "14000000a1b2c3d4e5f60718"
	face = "https://avatars.steamstatic.com/fef49e7fa7e1997310d705b2a6158ff8dc1cdfeb_full.jpg"

	ann = "76561197960287930"
	dad = "76561197960265728"
)

type object = map[string]any

// params is what Steam says of a good ticket.
func params(change object) object {
	p := object{"result": "OK", "steamid": ann, "ownersteamid": ann, "vacbanned": false, "publisherbanned": false}
	for name, v := range change {
		p[name] = v
	}
	return object{"response": object{"params": p}}
}

func fault(code int, text string) object {
	return object{"response": object{"error": object{"errorcode": code, "errordesc": text}}}
}

// steamStub knows tickets of one app for one identity as Steam does.
func steamStub(t testing.TB, known map[string]any) *webtest.Provider {
	p := webtest.New(t)
	keyed := func(h func(q url.Values) any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if q.Get("key") != key || r.Method != http.MethodGet {
				http.Error(w, "<html><head><title>Forbidden</title></head><body>Access is denied.</body></html>", http.StatusForbidden)
				return
			}
			webtest.JSON(200, h(q))(w, r)
		}
	}
	p.On(ticketPath, keyed(func(q url.Values) any {
		switch said, is := known[q.Get("ticket")]; {
		case q.Get("appid") != "480":
			return fault(102, "Ticket for other app")
		case q.Get("identity") != "muster":
			return fault(104, "Identity mismatch")
		case is:
			return said
		}
		return fault(101, "Invalid ticket")
	}))
	p.On(namePath, keyed(func(q url.Values) any {
		return object{"response": object{"players": []object{
			{"steamid": dad, "personaname": "Dad", "avatarfull": face + "?dad"},
			{"steamid": q.Get("steamids"), "personaname": "Ann", "avatarfull": face, "communityvisibilitystate": 3},
		}}}
	}))
	return p
}

// settings of a plugin that asks p, with others.
func settings(p *webtest.Provider, more object) object {
	all := object{"app_id": "480", "web_api_key": key, "identity": "muster"}
	if p != nil {
		all["api_url"] = p.URL
	}
	for name, v := range more {
		all[name] = v
	}
	return all
}

func request(field any) *hook.AuthRequest {
	v, err := structpb.NewValue(field)
	if err != nil {
		panic(err)
	}
	return &hook.AuthRequest{Provider: "steam", Fields: map[string]*structpb.Value{"ticket": v}}
}

// verdict is "invalid: " or "refused: " and the reason, "unreachable" or "failed".
func verdict(err error) string {
	r, is := hook.AsRefusal(err)
	switch {
	case err == nil:
		return ""
	case is && r.GetInvalid():
		return "invalid: " + r.GetReason()
	case is:
		return "refused: " + r.GetReason()
	case hook.IsUnreachable(err):
		return "unreachable"
	}
	return "failed"
}
