package gameserver

import (
	"context"
	"errors"
)

// Payload reads the launch payload as it is now. It fails with ErrNoPayload
// before a match was assigned, with ErrBadPayload if it cannot be read.
func (s *Server) Payload(ctx context.Context) (*Payload, error) {
	g, err := s.GameServer(ctx)
	if err != nil {
		return nil, err
	}
	return s.take(g)
}

// WaitPayload waits for a launch payload that is another than the one that was
// last read, if any: the first match of this server, or its next. A payload that
// cannot be read fails with ErrBadPayload.
func (s *Server) WaitPayload(ctx context.Context) (p *Payload, err error) {
	seen := s.current()
	watchErr := s.Watch(ctx, func(g GameServer) bool {
		if seen != nil && string(seen.Raw) == g.Annotations[PayloadAnnotation] {
			return true
		}
		p, err = s.take(g)
		return errors.Is(err, ErrNoPayload)
	})
	if watchErr != nil {
		return nil, watchErr
	}
	return p, err
}

// take decodes and remembers the payload of a game server.
func (s *Server) take(g GameServer) (*Payload, error) {
	raw := g.Annotations[PayloadAnnotation]
	if raw == "" {
		return nil, ErrNoPayload
	}
	p, err := DecodePayload([]byte(raw))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.payload = p
	s.mu.Unlock()
	return p, nil
}

// current is the payload that was last read, nil if none was.
func (s *Server) current() *Payload {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.payload
}
