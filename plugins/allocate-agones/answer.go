package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode"
)

// answer is what the service says of the server that it allocated.
type answer struct {
	Name    string `json:"gameServerName"`
	Address string `json:"address"`
	Ports   []port `json:"ports"`
	Node    string `json:"nodeName"`
	Source  string `json:"source"`
}

type port struct {
	Name string `json:"name"`
	Port int32  `json:"port"`
}

// decode reads an answer. Its errors never quote it: it may hold the payload.
func decode(body []byte) (*answer, error) {
	var a answer
	if json.Unmarshal(body, &a) != nil {
		return nil, errors.New("the answer is not the JSON that was expected")
	}
	if a.Name == "" || a.Address == "" {
		return nil, errors.New("the answer names no server")
	}
	return &a, nil
}

// port finds the one that players are told.
func (a *answer) port(name string) (int32, bool) {
	for _, p := range a.Ports {
		if p.Name == name || name == "" && p.Name == "default" {
			return p.Port, true
		}
	}
	if name != "" || len(a.Ports) == 0 {
		return 0, false
	}
	return a.Ports[0].Port, true
}

// noServer is how the allocator says that the fleet is empty. Its status is the
// operator's to choose (--http-unallocated-status-code).
const noServer = "there is no available GameServer to allocate"

// refused is the error of a status other than 200. A refusal of the allocator, or
// of anything on the way to it, comes before it touches a server; what says that
// something broke or took too long leaves that open.
func refused(status int, body []byte, payload string) error {
	var said struct {
		// Code is gRPC's, or that of a Kubernetes status, which gRPC does not know and
		// sends as 500.
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &said) // some answers come from proxies
	text := masked(said.Message, payload)
	const statusCancelled = 499
	switch {
	case strings.Contains(said.Message, noServer):
		return none("no server is free (status %d)", status)
	case status == http.StatusRequestTimeout || status == statusCancelled:
	case status >= 400 && status < 500, status == http.StatusInternalServerError && said.Code >= 400 && said.Code < 500:
		return none("status %d: %s", status, text)
	}
	return unknown("status %d: %s", status, text)
}

// masked is a message for logs: what it repeats of the payload's values is left out.
func masked(message, payload string) string {
	var values map[string]any
	if json.Unmarshal([]byte(payload), &values) != nil && payload != "" {
		message = strings.ReplaceAll(message, payload, "…")
	}
	for _, v := range values {
		if text, is := v.(string); is && len(text) >= 16 {
			message = strings.ReplaceAll(message, text, "…")
		}
	}
	message = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, message)
	if r := []rune(message); len(r) > 200 {
		message = string(r[:200]) + "…"
	}
	return message
}
