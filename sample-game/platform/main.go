// Command platform plays GameFlow on your machine: a backend is developed against
// it with no account and no bill. It answers the calls of the public API that Muster
// makes, checks them strictly, and can be slow, fail and lie.
//
//	go run ./sample-game/platform -help
//
// docs/gameflow.md says what for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "platform:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, env func(string) string, out io.Writer) (err error) {
	s, err := readSettings(args, env, out)
	if err != nil {
		return err
	}
	if s.list {
		return listKinds(out)
	}
	book := &book{out: out}
	o := gameflowtest.Options{
		GameID: s.game, APIKey: s.key, Decide: s.decide, Forget: true,
		Answered: book.answered, Refused: book.refused,
	}
	if len(s.command) > 0 {
		if s.data == "" {
			if s.data, err = os.MkdirTemp("", "platform-"); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(s.data)) }()
		}
		fleet, err := startServers(ctx, s, book)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, fleet.stop()) }()
		o.Make = fleet.make
	}
	platform := gameflowtest.New(o)
	for mode, players := range s.modes {
		platform.PublishMatchmaker(mode, players)
	}
	return serve(ctx, s, route(platform, s, book), out)
}

// route lets the calls of matchmaking and ratings, which the platform knows no faults
// for, go wrong as those for servers do.
func route(platform http.Handler, s settings, b *book) http.Handler {
	others := gameflowtest.Unsteady(platform, func(n int) gameflowtest.Behaviour {
		return s.decide(n, gameflowtest.Call{})
	})
	mux := http.NewServeMux()
	mux.Handle("/", platform)
	for _, path := range []string{"/v1/matchmaking/", "/v1/skill-rating/"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			b.line("%s  %q", r.Method, r.URL.Path)
			others.ServeHTTP(w, r)
		})
	}
	return mux
}

func serve(ctx context.Context, s settings, h http.Handler, out io.Writer) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	fmt.Fprintf(out, "A stand-in for GameFlow at http://%s/v1\n  Game    %s\n  Faults  %s\n  Servers %s\n  Stop    Ctrl-C\n",
		l.Addr(), s.game, s.faultsText(), s.serversText())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err = <-ended:
		return err
	case <-ctx.Done():
	}
	err = server.Close() // calls may be as long as minutes: they are cut
	<-ended
	return err
}
