package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// answerTime is how long the server may take until its answer begins, and to end it.
const answerTime = 10 * time.Second

// lines sends a POST whose answer goes on for up to within, and hands over its lines
// as they come. begun is called when the answer begins.
func (c *adminClient) lines(ctx context.Context, path string, within time.Duration, longest int, begun func(), line func([]byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, within+answerTime)
	defer cancel()
	late := time.AfterFunc(answerTime, cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, nil)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if !late.Stop() && err != nil {
		err = context.DeadlineExceeded
	}
	if err != nil {
		return c.unreachable(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return c.unreachable(err)
		}
		return c.refused(res.StatusCode, body)
	}
	begun()
	s := bufio.NewScanner(res.Body)
	s.Buffer(nil, longest)
	for s.Scan() {
		if err := line(s.Bytes()); err != nil {
			return err
		}
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return c.stranger(fmt.Sprintf("a line of over %d bytes", longest))
	case err != nil:
		return fmt.Errorf("the server at %s ended before it was done: %w", c.base, err)
	}
	return nil
}
