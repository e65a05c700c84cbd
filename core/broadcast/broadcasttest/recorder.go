package broadcasttest

import (
	"sync"
	"time"

	"github.com/muster-gg/muster/core/broadcast"
)

// Encoder makes one frame of the payload's bytes, the same for every account and
// level. A message with a version is a snapshot: who has seen it gets nothing.
type Encoder struct{}

var _ broadcast.Encoder = Encoder{}

// Encode implements broadcast.Encoder.
func (Encoder) Encode(m broadcast.Message, _ int) (broadcast.Audience, error) {
	text, err := m.Payload.AppendPayload(nil)
	if err != nil {
		return nil, err
	}
	return everybody{broadcast.NewFrame(text)}, nil
}

type everybody []*broadcast.Frame

func (e everybody) For(_ string, stale bool) ([]*broadcast.Frame, bool) {
	if stale {
		return nil, false
	}
	return e, false
}

// Recorder is a subscriber that keeps what it is sent.
type Recorder struct {
	account string
	level   int

	mu    sync.Mutex
	texts []string
	more  chan struct{}
}

var _ broadcast.Subscriber = (*Recorder)(nil)

// NewRecorder returns a subscriber of level 1.
func NewRecorder(account string) *Recorder { return NewRecorderAt(account, 1) }

// NewRecorderAt returns a subscriber of a level.
func NewRecorderAt(account string, level int) *Recorder {
	return &Recorder{account: account, level: level, more: make(chan struct{}, 1)}
}

// Account implements broadcast.Subscriber.
func (r *Recorder) Account() string { return r.account }

// Level implements broadcast.Subscriber.
func (r *Recorder) Level() int { return r.level }

// Send implements broadcast.Subscriber.
func (r *Recorder) Send(f *broadcast.Frame) {
	r.mu.Lock()
	r.texts = append(r.texts, string(f.Text()))
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// Texts are the frames so far.
func (r *Recorder) Texts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.texts...)
}

// Wait returns the frames once there are n. One goroutine at a time may wait.
func (r *Recorder) Wait(t interface {
	Helper()
	Errorf(format string, args ...any)
}, n int) []string {
	t.Helper()
	give := time.NewTimer(patience)
	defer give.Stop()
	for {
		if got := r.Texts(); len(got) >= n {
			return got
		}
		select {
		case <-r.more:
		case <-give.C:
			got := r.Texts()
			t.Errorf("%d frames came, want %d", len(got), n)
			return append(got, make([]string, n-len(got))...)
		}
	}
}
