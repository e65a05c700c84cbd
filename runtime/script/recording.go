package script

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
)

// RecordingFormat is the format of recordings.
const RecordingFormat = "muster.recording/1"

// Bounds of one recording.
const (
	// MaxRecording is how large it may be, in bytes of JSON.
	MaxRecording = 8 << 20
	// MaxSteps is how many steps its tape may have, with all that they hold.
	MaxSteps = 10_000
)

// Recorder decides which calls of a script are recorded.
type Recorder interface {
	// Wants is asked at the begin of every call; rpc is the function's name at that
	// point. What it returns is called once, with the recording of the call, before the
	// call ends, and must not wait for anything; nil when the call could not be
	// recorded. Nil says that nobody wants it.
	Wants(ctx context.Context, p hook.Point, rpc string) (keep func(*Recording))
}

// Recording is one call of a script, with all that the script was given.
type Recording struct {
	Format     string    `json:"format"`
	RecordedAt time.Time `json:"recordedAt"`
	Game       string    `json:"game"`
	// Hook is the hook's name in the config, Entry the script's file in its folder.
	Hook  string `json:"hook"`
	Entry string `json:"entry"`
	// Version is the hash of the script's bundle.
	Version string     `json:"version"`
	Point   hook.Point `json:"point"`
	Rpc     string     `json:"rpc,omitempty"`
	// Zone is the time zone of the server, which a Date shows.
	Zone *Zone `json:"zone,omitempty"`
	// TimeoutMs is what the call had left when it began, TookMs what it took.
	TimeoutMs float64 `json:"timeoutMs"`
	TookMs    float64 `json:"tookMs"`
	// Incomplete says why there is no tape; such a call cannot be replayed.
	Incomplete string `json:"incomplete,omitempty"`
	// Request and Answer are the messages of the point; Failed stands instead of Answer.
	Request json.RawMessage `json:"request"`
	Answer  json.RawMessage `json:"answer,omitempty"`
	Failed  *Failed         `json:"failed,omitempty"`
	Log     []LogLine       `json:"log,omitempty"`
	Tape    []Step          `json:"tape,omitempty"`
}

// Zone is a time zone at the time of a recording.
type Zone struct {
	Name string `json:"name"`
	// Offset is in seconds east of UTC.
	Offset int `json:"offset"`
}

// LogLine is one line that the script has logged.
type LogLine struct {
	Level string `json:"level"`
	Text  string `json:"text"`
	// Fields is the JSON of what ctx.log was given beside the text.
	Fields json.RawMessage `json:"fields,omitempty"`
	At     string          `json:"at,omitempty"`
}

// Step is one thing that came to the script from outside. One of its fields is set.
// Steps are in the order in which the script saw them.
type Step struct {
	Now    *Moment  `json:"now,omitempty"`
	Random *float64 `json:"random,omitempty"`
	// Work is a result that was delivered.
	Work *Work `json:"work,omitempty"`
	// Timer is the number of a timer that went off.
	Timer int64 `json:"timer,omitempty"`
}

// Moment is a time that the script was told, so many times in a row.
type Moment struct {
	Ms    int64 `json:"ms"`
	Times int   `json:"times"`
}

// Work is what one call of a method of ctx did, such as ctx.fetch.
type Work struct {
	// ID counts them from 1, in the order in which they began.
	ID int `json:"id"`
	// At is the place in the script that called.
	At    string  `json:"at,omitempty"`
	Asked []Asked `json:"asked,omitempty"`
	// Unfinished says that the call ended before the script got the result.
	Unfinished bool `json:"unfinished,omitempty"`
	// GaveUp says that an update did not try once more after a conflict.
	GaveUp bool `json:"gaveUp,omitempty"`

	replayed bool
}

// Asked is one question to somebody outside, and what came of it.
type Asked struct {
	// One of these is set.
	Fetch   *FetchAsked   `json:"fetch,omitempty"`
	Storage *StorageAsked `json:"storage,omitempty"`
	Notify  *NotifyAsked  `json:"notify,omitempty"`
	// Error is set when there is no answer.
	Error *AskedError `json:"error,omitempty"`
	// Response is that of a fetch.
	Response *FetchAnswer `json:"response,omitempty"`
	// Entries are what storage has read, Version that of what it has written.
	Entries []StoredEntry `json:"entries,omitempty"`
	Version hook.Version  `json:"version,omitempty"`
}

// FetchAsked is a request of ctx.fetch. Headers that may be secret have the value
// Redacted.
type FetchAsked struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    *Body             `json:"body,omitempty"`
}

// FetchAnswer is the answer to it.
type FetchAnswer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    *Body             `json:"body,omitempty"`
}

// Body is text where it is text, else Base64.
type Body struct {
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
}

// StorageAsked is a call of a method of hook.Storage.
type StorageAsked struct {
	// Op is "get", "set", "delete" or "list".
	Op    string          `json:"op"`
	Scope string          `json:"account,omitempty"`
	Keys  []string        `json:"keys,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	// When is the condition of a write.
	When   *hook.Version `json:"when,omitempty"`
	Prefix string        `json:"prefix,omitempty"`
	After  string        `json:"after,omitempty"`
	Limit  int           `json:"limit,omitempty"`
}

// StoredEntry is a hook.Entry.
type StoredEntry struct {
	Key       string          `json:"key"`
	Value     json.RawMessage `json:"value"`
	Version   hook.Version    `json:"version"`
	UpdatedAt int64           `json:"updatedAt"` // in milliseconds
}

// NotifyAsked is a call of ctx.notify.
type NotifyAsked struct {
	Account string          `json:"account"`
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// AskedError is why there was no answer. Code is what the script sees as code.
type AskedError struct {
	Code string `json:"code,omitempty"`
	Text string `json:"text"`
}

// Encode is the recording as one line of JSON. One that is too large, or that cannot
// be written, loses its tape and, if that is not enough, its request.
func (r *Recording) Encode() ([]byte, error) {
	data, err := r.marshal()
	if err == nil && len(data) <= MaxRecording {
		return data, nil
	}
	short := *r
	short.Tape, short.Log = nil, nil
	if short.Incomplete = tooLarge(); err != nil {
		short.Incomplete = "it cannot be written: " + err.Error()
	}
	if data, err = short.marshal(); err == nil && len(data) <= MaxRecording {
		return data, nil
	}
	short.Request, short.Answer, short.Failed = json.RawMessage("{}"), nil, nil
	return short.marshal()
}

func (r *Recording) marshal() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(r)
	return b.Bytes(), err
}

func tooLarge() string { return fmt.Sprintf("the recording is over %d MiB", MaxRecording>>20) }
