package local

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
)

// record is what the next run must know of a server to end it and to report it.
type record struct {
	// ID names the server: its match's id, or that of a warm server.
	ID      string `json:"id"`
	Game    string `json:"game"`
	MatchID string `json:"matchId"`
	PID     int    `json:"pid"`
	Begun   string `json:"begun"`
	Ports   []int  `json:"ports"`
	Sidecar int    `json:"sidecarPort"`
	// Handed: the server was handed its match, so its end is to be reported.
	Handed bool `json:"handed"`
	// Owner is the Muster that started it.
	Owner      int    `json:"owner"`
	OwnerBegun string `json:"ownerBegun"`
}

const (
	maxRecord = 16 << 10
	// reapGrace bounds the time that leftovers have between SIGTERM and SIGKILL:
	// their sidecar is gone, nobody can reach their result.
	reapGrace = 2 * time.Second
	// killWait is how long a killed process may take to vanish.
	killWait = 3 * time.Second
)

// records are the files of one game, one a server. They need to outlive us, not
// the machine: a power cut ends the servers too, so nothing is synced.
type records struct {
	dir   string
	log   *zap.Logger
	owner int
	begun string
}

func (rs *records) open() (err error) {
	rs.owner = os.Getpid()
	if rs.begun, err = beginning(rs.owner); err != nil {
		return err
	}
	return os.MkdirAll(rs.dir, 0o700)
}

func (rs *records) path(id string) string { return filepath.Join(rs.dir, id+".json") }

// write replaces a record in one step.
func (rs *records) write(r record) error {
	r.ID = cmp.Or(r.ID, r.MatchID)
	r.Owner, r.OwnerBegun = rs.owner, rs.begun
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	next := rs.path(r.ID) + ".tmp"
	if err := os.WriteFile(next, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(next, rs.path(r.ID))
}

func (rs *records) remove(id string) {
	if err := os.Remove(rs.path(id)); err != nil && !os.IsNotExist(err) {
		rs.log.Warn("cannot remove the record of a server", zap.String("server", id), zap.Error(err))
	}
}

// reap ends what still runs of recorded servers, and returns the records. Those
// whose owner still runs are left alone: they are another fleet's.
func (rs *records) reap(ctx context.Context, grace time.Duration) ([]record, error) {
	left, err := rs.list()
	if err != nil {
		return nil, err
	}
	var alive []record
	for _, r := range left {
		if leftoverRuns(r) {
			rs.log.Warn("ending a server that an earlier run left", zap.String("server", r.ID), zap.Int("pid", r.PID))
			signalLeftover(r, false)
			alive = append(alive, r)
		}
	}
	alive = awaitLeftovers(ctx, alive, grace)
	for _, r := range alive {
		if leftoverRuns(r) {
			signalLeftover(r, true)
		}
	}
	for _, r := range awaitLeftovers(ctx, alive, killWait) {
		if leftoverRuns(r) {
			return nil, fmt.Errorf("process %d of server %s cannot be ended", r.PID, r.ID)
		}
	}
	return left, ctx.Err()
}

// awaitLeftovers waits until the servers are gone and returns those that are not.
func awaitLeftovers(ctx context.Context, alive []record, limit time.Duration) []record {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	poll := time.NewTicker(pollGroup)
	defer poll.Stop()
	for {
		var still []record
		for _, r := range alive {
			if !leftoverGone(r) {
				still = append(still, r)
			}
		}
		if alive = still; len(alive) == 0 {
			return nil
		}
		select {
		case <-poll.C:
		case <-deadline.C:
			return alive
		case <-ctx.Done():
			return alive
		}
	}
}

// list reads the records of earlier runs. A file that is no record is set aside
// by name, so that it is looked at once.
func (rs *records) list() ([]record, error) {
	entries, err := os.ReadDir(rs.dir)
	if err != nil {
		return nil, err
	}
	var all []record
	for _, e := range entries {
		path := filepath.Join(rs.dir, e.Name())
		if strings.HasSuffix(e.Name(), ".tmp") {
			_ = os.Remove(path)
			continue
		}
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !e.Type().IsRegular() {
			continue
		}
		r, err := readRecord(path)
		if err != nil || r.ID != id || r.PID <= 1 {
			rs.log.Error("a server's record cannot be read and is set aside", zap.String("file", path), zap.Error(err))
			_ = os.Rename(path, path+".bad")
			continue
		}
		if runs(r.Owner, r.OwnerBegun) {
			rs.log.Warn("a server belongs to another fleet that runs", zap.String("server", id), zap.Int("owner", r.Owner))
			continue
		}
		all = append(all, r)
	}
	return all, nil
}

func readRecord(path string) (r record, err error) {
	file, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxRecord))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, err
	}
	r.ID = cmp.Or(r.ID, r.MatchID) // an older version wrote no ID
	return r, nil
}
