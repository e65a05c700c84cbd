package gameserver

import (
	"fmt"
	"strconv"
	"strings"
)

// Port is the port that this server listens on, by its name in the platform's
// configuration: GAMEFLOW_DEFAULT_PORT for "default" (or ""),
// GAMEFLOW_{NAME}_PORT for others. It fails with ErrNoPort.
func (s *Server) Port(name string) (int, error) {
	if name == "" {
		name = "default"
	}
	variable := "GAMEFLOW_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_PORT"
	text := s.getenv(variable)
	if text == "" {
		return 0, fmt.Errorf("%w: %s is not set", ErrNoPort, variable)
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("%w: %s is %q, want 1 to 65535", ErrNoPort, variable, text)
	}
	return port, nil
}

// Region is where this server runs (GAMEFLOW_REGION), "" if unknown.
func (s *Server) Region() string { return s.getenv("GAMEFLOW_REGION") }

// BuildID names the build of this server (GAMEFLOW_BUILD_ID), "" if unknown.
func (s *Server) BuildID() string { return s.getenv("GAMEFLOW_BUILD_ID") }
