//go:build linux

package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// tenPlayers is a lobby of ten.
func tenPlayers() *hook.Lobby {
	l := &hook.Lobby{Id: "l", Name: "Friday", OwnerId: "p0", State: "starting"}
	for t := range 2 {
		team := &hook.Team{Name: string(rune('A' + t)), Size: 5}
		for p := range 5 {
			id := fmt.Sprintf("7f9c24e8-3b1a-4d5e-9f60-0000000000%d%d", t, p)
			team.Players = append(team.Players, &hook.Player{AccountId: id, Username: "player " + id[34:], Ready: true, Connected: true})
		}
		l.Teams = append(l.Teams, team)
	}
	return l
}

// bareMain serves balance_teams as gRPC does it with nothing around: no
// encryption, no deadline, no metadata.
func bareMain() {
	server := grpc.NewServer()
	info, _ := hook.PointBalanceTeams.Info()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: info.Service, HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: info.Method, Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			r := new(hook.BalanceTeamsRequest)
			if err := decode(r); err != nil {
				return nil, err
			}
			return (&testPlugin{}).BalanceTeams(ctx, r.GetLobby())
		}}},
	}, nil)
	listener, err := net.Listen("unix", os.Getenv("TEST_SOCKET"))
	if err != nil {
		panic(err)
	}
	panic(server.Serve(listener))
}

// bare starts such a process and connects to it.
func bare(b *testing.B) *grpc.ClientConn {
	b.Helper()
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	socket := filepath.Join(b.TempDir(), "s")
	cmd := exec.Command(exe)
	cmd.Env = []string{"TEST_CHILD=bare grpc", "TEST_SOCKET=" + socket}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for tick := time.NewTicker(time.Millisecond); ; <-tick.C {
		if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

// BenchmarkCall is one call of balance_teams for a lobby of ten: of a plugin, with
// encryption, deadline and metadata, and of bare gRPC over a unix socket with the
// same message. "beside" makes both in turn and tells their ratio, which a busy
// machine does not change.
func BenchmarkCall(b *testing.B) {
	lobby := tenPlayers()
	impl := begin(b, options(b, "plugin", nil)).Impl()
	call := hook.WithCall(context.Background(), hook.Call{Game: "arena", Point: hook.PointBalanceTeams, Hook: "skill"})
	plugin := func(b *testing.B) {
		ctx, cancel := context.WithTimeout(call, 2*time.Second)
		defer cancel()
		if a, err := impl.BalanceTeams(ctx, lobby); err != nil || len(a.GetTeams()) != 2 {
			b.Fatal(err)
		}
	}
	conn := bare(b)
	method, _ := wire.Method(hook.PointBalanceTeams)
	plain := func(b *testing.B) {
		a := new(hook.Assignment)
		if err := conn.Invoke(context.Background(), method, &hook.BalanceTeamsRequest{Lobby: lobby}, a); err != nil || len(a.GetTeams()) != 2 {
			b.Fatal(err)
		}
	}
	for name, once := range map[string]func(*testing.B){"plugin": plugin, "grpc": plain} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				once(b)
			}
		})
	}
	b.Run("beside", func(b *testing.B) {
		var took [2]time.Duration
		for b.Loop() {
			for i, once := range []func(*testing.B){plain, plugin} {
				began := time.Now()
				for range 20 {
					once(b)
				}
				took[i] += time.Since(began)
			}
		}
		b.ReportMetric(float64(took[1])/float64(took[0]), "plugin/grpc")
	})
}

// BenchmarkStart is from nothing to a plugin that is ready, and its end.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p, err := Start(context.Background(), options(b, "plugin", nil))
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
