package gameflow

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/muster-gg/muster/core/allocation"
)

// flexInt reads a number that may come as a string, as a grpc-gateway writes
// 64-bit ones.
type flexInt int

func (n *flexInt) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	v, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return errors.New("not a whole number")
	}
	*n = flexInt(v)
	return nil
}

// startAnswer is the answer of both calls: the start call names a server, the
// fleet's call has one at the root or as its allocation. The gateway writes
// camelCase; proto names are read as well.
type startAnswer struct {
	Server      *serverAnswer `json:"server"`
	GameServer  *serverAnswer `json:"gameServer"`
	GameServer2 *serverAnswer `json:"game_server"`
	Allocation  *serverAnswer `json:"allocation"`
}

type serverAnswer struct {
	Name        string  `json:"name"`
	ServerName  string  `json:"serverName"`
	ServerName2 string  `json:"server_name"`
	Address     string  `json:"address"`
	Port        flexInt `json:"port"`
}

// decode reads an answer. No error is a None: a server was made, whatever the
// answer looks like.
func decode(body []byte, fleet bool) (allocation.Server, error) {
	got, err := find(body, fleet)
	if err != nil {
		return allocation.Server{}, err
	}
	s := allocation.Server{Name: got.Name, Address: unbracket(got.Address), Port: int(got.Port)}
	for _, name := range []string{got.ServerName, got.ServerName2} {
		if s.Name == "" {
			s.Name = name
		}
	}
	return s, s.Validate()
}

// find looks for the server in an answer. Its errors never quote the answer.
func find(body []byte, fleet bool) (*serverAnswer, error) {
	unreadable := errors.New("the answer cannot be read as JSON of the known shape")
	var a startAnswer
	if json.Unmarshal(body, &a) != nil {
		return nil, unreadable
	}
	for _, c := range []*serverAnswer{a.Server, a.GameServer, a.GameServer2, a.Allocation} {
		if c != nil && (fleet || c != a.Allocation) {
			return c, nil
		}
	}
	var root serverAnswer
	if fleet && json.Unmarshal(body, &root) != nil {
		return nil, unreadable
	}
	if root == (serverAnswer{}) {
		return nil, errors.New("the answer names no server")
	}
	return &root, nil
}

// unbracket takes the brackets off an IPv6 address.
func unbracket(host string) string {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") && strings.Contains(host, ":") {
		return host[1 : len(host)-1]
	}
	return host
}

// gatewayMessage is the message field of a gateway's error, or "".
func gatewayMessage(body []byte) string {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.Message
}
