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
	"slices"
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
// same message.
func BenchmarkCall(b *testing.B) {
	plugin, plain := bothCalls(b)
	for name, once := range map[string]func() error{"plugin": plugin, "grpc": plain} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := once(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCallRatio makes both calls of BenchmarkCall in turn, so that what else
// the computer does slows both, and gives the median of each and the one in parts
// of the other.
func BenchmarkCallRatio(b *testing.B) {
	plugin, plain := bothCalls(b)
	calls := []func() error{plugin, plain}
	took := make([][]time.Duration, len(calls))
	for b.Loop() {
		for i, once := range calls {
			began := time.Now()
			if err := once(); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(began))
		}
	}
	var medians []float64
	for i, unit := range []string{"plugin-us", "grpc-us"} {
		slices.Sort(took[i])
		medians = append(medians, float64(took[i][len(took[i])/2].Nanoseconds())/1000)
		b.ReportMetric(medians[i], unit)
	}
	b.ReportMetric(medians[0]/medians[1], "x-bare")
}

func bothCalls(b *testing.B) (plugin, plain func() error) {
	b.Helper()
	lobby := tenPlayers()
	impl := begin(b, options(b, "plugin", nil)).Impl()
	call := hook.WithCall(context.Background(), hook.Call{Game: "arena", Point: hook.PointBalanceTeams, Hook: "skill"})
	conn := bare(b)
	method, _ := wire.Method(hook.PointBalanceTeams)
	check := func(a *hook.Assignment, err error) error {
		if err == nil && len(a.GetTeams()) != 2 {
			err = fmt.Errorf("answered %v", a)
		}
		return err
	}
	plugin = func() error {
		ctx, cancel := context.WithTimeout(call, 2*time.Second)
		defer cancel()
		return check(impl.BalanceTeams(ctx, lobby))
	}
	plain = func() error {
		a := new(hook.Assignment)
		return check(a, conn.Invoke(context.Background(), method, &hook.BalanceTeamsRequest{Lobby: lobby}, a))
	}
	return plugin, plain
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
