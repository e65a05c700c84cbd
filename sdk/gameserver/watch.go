package gameserver

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxFrame bounds one line of the watch stream.
const maxFrame = 4 << 20

// Watch calls fn from the calling goroutine with what the platform knows of this
// server: at once, after every change, and again after a stream that was cut. It
// returns when fn returns false (nil), when ctx ends (its error) or at Close
// (ErrClosed).
func (s *Server) Watch(ctx context.Context, fn func(GameServer) bool) error {
	return s.do(ctx, func(ctx context.Context) error { return s.watch(ctx, fn) })
}

func (s *Server) watch(ctx context.Context, fn func(GameServer) bool) error {
	var wait backoff
	for {
		done := false
		err := s.host.watch(ctx, func(g GameServer) bool {
			wait = backoff{}
			done = !fn(g)
			return !done
		})
		switch {
		case done:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		s.log.Debug("the watch stream ended", "error", err)
		if err := sleep(ctx, wait.next()); err != nil {
			return err
		}
	}
}

// watch reads newline-delimited {"result": …}.
func (c *sidecar) watch(ctx context.Context, fn func(GameServer) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := c.do(ctx, http.MethodGet, "/watch/gameserver", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxMessage))
		return readError(resp.StatusCode, body)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 0, 8<<10), maxFrame)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		g, err := decodeFrame(lines.Bytes())
		if err != nil {
			return err
		}
		if !fn(g) {
			return nil
		}
	}
	return errors.Join(lines.Err(), io.EOF)
}

// decodeFrame reads one line of the stream.
func decodeFrame(line []byte) (GameServer, error) {
	var frame struct {
		Result *GameServer `json:"result"`
		Error  *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	switch err := json.Unmarshal(line, &frame); {
	case err != nil:
		return GameServer{}, fmt.Errorf("gameserver: a line of the watch stream cannot be read: %w", err)
	case frame.Error != nil:
		return GameServer{}, fmt.Errorf("gameserver: the watch stream failed: %.300s", frame.Error.Message)
	case frame.Result == nil:
		return GameServer{}, errors.New("gameserver: a line of the watch stream has no result")
	}
	return *frame.Result, nil
}
