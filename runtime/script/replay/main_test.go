package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/runtime/script/replay"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keeper wants every call recorded.
type keeper struct {
	mu   sync.Mutex
	kept []*script.Recording
}

func (k *keeper) Wants(context.Context, hook.Point, string) func(*script.Recording) {
	return func(r *script.Recording) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if r != nil {
			k.kept = append(k.kept, r)
		}
	}
}

func (k *keeper) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.kept)
}

// scene is a script that is recorded.
type scene struct {
	t      testing.TB
	entry  string
	keeper *keeper
	host   hook.Host
	v      *script.Version
}

// record loads a script whose calls are recorded.
func record(t testing.TB, source string, options ...func(*script.Options)) *scene {
	t.Helper()
	s := &scene{t: t, entry: filepath.Join(t.TempDir(), "arena.ts"), keeper: &keeper{}, host: hooktest.NewHost()}
	s.rewrite(source)
	o := script.Options{Game: "arena", Name: "arena.ts", Entry: s.entry, Timeout: 10 * time.Second, Recorder: s.keeper}
	for _, option := range options {
		option(&o)
	}
	var err error
	if s.v, err = script.Load(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := s.v.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// rewrite changes the script on disk.
func (s *scene) rewrite(source string) {
	s.t.Helper()
	if err := os.WriteFile(s.entry, []byte(source), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// call makes a call and returns its recording, as it is read from a file.
func (s *scene) call(p hook.Point, request proto.Message) (*script.Recording, proto.Message, error) {
	s.t.Helper()
	var answer proto.Message
	var failed error
	before := s.keeper.count()
	for late := time.Now().Add(time.Minute); s.keeper.count() == before; { // on a slow machine the first one is not recorded
		answer = p.NewResponse()
		failed = s.v.Invoke(hook.WithHost(s.t.Context(), s.host), p, request, answer)
		if time.Now().After(late) {
			s.t.Fatalf("nothing was recorded (%v)", failed)
		}
	}
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	r := s.keeper.kept[len(s.keeper.kept)-1]
	data, err := r.Encode()
	if err == nil {
		r, err = replay.Read(bytes.NewReader(data))
	}
	if err != nil {
		s.t.Fatalf("%v\n%s", err, data)
	}
	return r, answer, failed
}

// rpc calls f.
func (s *scene) rpc() *script.Recording {
	s.t.Helper()
	r, _, _ := s.call(hook.PointRpc, rpcRequest)
	return r
}

var rpcRequest = &hook.RpcRequest{Game: "arena", Name: "f", Player: &hook.Player{AccountId: "ann", Username: "ann"}}

// run replays a recording and returns what people read.
func (s *scene) run(r *script.Recording) (*replay.Result, string) {
	s.t.Helper()
	result, err := replay.Run(s.t.Context(), r, s.entry)
	if err != nil {
		s.t.Fatal(err)
	}
	var b strings.Builder
	if err := result.Write(&b, "f.json"); err != nil {
		s.t.Fatal(err)
	}
	return result, b.String()
}

// server answers with a number that is never the same; ?wait=b comes after ?wait=a.
func server(t *testing.T) (url string, options func(*script.Options)) {
	t.Helper()
	var mu sync.Mutex
	asked, first := 0, make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("wait") {
		case "b":
			<-first
		case "a":
			defer func() { first <- struct{}{} }()
		}
		mu.Lock()
		defer mu.Unlock()
		asked++
		w.Header().Set("X-One", "1")
		w.Header().Set("X-Two", "2")
		fmt.Fprintf(w, `{"n":%d,"auth":%q}`, asked, r.Header.Get("Authorization"))
	}))
	t.Cleanup(s.Close)
	client, err := fetch.New(fetch.Options{Allow: []string{strings.TrimPrefix(s.URL, "http://")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return s.URL, func(o *script.Options) { o.Fetch = client }
}
