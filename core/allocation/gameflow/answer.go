package gameflow

import (
	"encoding/json"
	"errors"
	"fmt"
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

// startAnswer is the answer of the start call. The gateway writes camelCase;
// proto names are read as well.
type startAnswer struct {
	Server      *serverAnswer `json:"server"`
	GameServer  *serverAnswer `json:"gameServer"`
	GameServer2 *serverAnswer `json:"game_server"`
}

type serverAnswer struct {
	Name        string  `json:"name"`
	ServerName  string  `json:"serverName"`
	ServerName2 string  `json:"server_name"`
	Address     string  `json:"address"`
	Port        flexInt `json:"port"`
}

// decode reads an answer. No error is a None: a server was made, whatever the
// answer looks like. Errors never quote the answer.
func decode(body []byte) (allocation.Server, error) {
	var a startAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		return allocation.Server{}, errors.New("start call: the answer cannot be read as JSON of the known shape")
	}
	got := first(a.Server, a.GameServer, a.GameServer2)
	if got == nil {
		return allocation.Server{}, errors.New("start call: the answer names no server")
	}
	s := allocation.Server{Name: got.Name, Address: unbracket(got.Address), Port: int(got.Port)}
	for _, name := range []string{got.ServerName, got.ServerName2} {
		if s.Name == "" {
			s.Name = name
		}
	}
	if err := s.Validate(); err != nil {
		return allocation.Server{}, fmt.Errorf("start call: %w", err)
	}
	return s, nil
}

func first(candidates ...*serverAnswer) *serverAnswer {
	for _, c := range candidates {
		if c != nil {
			return c
		}
	}
	return nil
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
