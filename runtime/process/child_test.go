//go:build linux

package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// childMain is a plugin, or a program that is none, by its mode.
func childMain(mode string) {
	switch mode {
	case "plugin", noDeathSignal:
		fmt.Println("noise before the handshake")
		fmt.Print("and a line that is not ended")
		plugin.Serve(&testPlugin{}, plugin.Info{Name: "test-plugin", Version: "1.2.3", Doc: "A plugin for tests."})
	case "rules":
		plugin.Serve(&rulesPlugin{})
	case "bare grpc":
		bareMain()
	case "narrow":
		plugin.Serve(&narrowPlugin{}, plugin.Info{Name: "narrow", Version: "2.0.0"})
	case "no plugin":
		fmt.Println("hello, I am a calculator")
		os.Exit(3)
	case "silent":
		select {}
	case "protocol 2":
		fmt.Println("1|2|unix|/nowhere|grpc|")
		select {}
	case "plain tcp":
		fmt.Println("1|1|tcp|127.0.0.1:1|grpc|")
		select {}
	case "mute socket":
		muteSocket()
	case "author's mistake":
		plugin.Serve(&mistaken{})
	case "plain":
		os.Unsetenv("PLUGIN_CLIENT_CERT") // as languages do that know nothing of it
		liarMain()
	case "liar":
		liarMain()
	case "lies":
		liesMain()
	case "crash":
		panic("cannot load the ratings")
	}
	os.Exit(9)
}

type mistaken struct{ plugin.Base }

func (*mistaken) ValidateStart(context.Context) error { return nil }

type narrowPlugin struct{ plugin.Base }

func (*narrowPlugin) ValidateStart(context.Context, *hook.Lobby) error { return nil }

// testPlugin does what the calls tell it.
type testPlugin struct {
	plugin.Base
	Greeting string        `setting:"greeting" default:"hello" doc:"What it says."`
	Key      string        `setting:"key,secret"`
	Slow     time.Duration `setting:"slow"`
}

func (p *testPlugin) Start(context.Context) error {
	fmt.Println("noise after the handshake")
	<-time.After(p.Slow)
	switch p.Greeting {
	case "greedy":
		_, err := p.Rpc(context.Background(), &hook.RpcRequest{Name: "eat"})
		return err
	case "bad":
		return plugin.BadSetting("greeting", "is not polite: "+p.Key)
	case "broken":
		return errors.New("the ratings cannot be read")
	case "panic":
		panic("start")
	case "exit":
		os.Exit(4)
	}
	return nil
}

func (p *testPlugin) Stop(context.Context) error {
	if p.Greeting == "tell" {
		return os.WriteFile(p.Key, []byte("stopped"), 0o600)
	}
	return nil
}

// rest waits until ctx ends, or the process dies, after it has said that it waits.
func (p *testPlugin) rest(ctx context.Context) error {
	p.Base.Log(ctx).Info("waiting")
	<-ctx.Done()
	return ctx.Err()
}

func (p *testPlugin) Authenticate(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	if r.GetProvider() == "wait" {
		return nil, p.rest(ctx)
	}
	return &hook.Identity{Subject: r.GetProvider()}, nil
}

func (p *testPlugin) BalanceTeams(ctx context.Context, l *hook.Lobby) (*hook.Assignment, error) {
	if l.GetId() == "wait" {
		return nil, p.rest(ctx)
	}
	a := &hook.Assignment{}
	for _, t := range l.GetTeams() {
		of := &hook.TeamAssignment{Name: t.GetName()}
		for _, player := range t.GetPlayers() {
			of.AccountIds = append(of.AccountIds, player.GetAccountId())
		}
		a.Teams = append(a.Teams, of)
	}
	return a, nil
}

func (p *testPlugin) ValidateStart(ctx context.Context, l *hook.Lobby) error {
	switch l.GetId() {
	case "wait":
		return p.rest(ctx)
	case "refuse":
		return hook.Refuse("no", map[string]string{"a1": "not you"})
	case "unreachable":
		return hook.Unreachable(errors.New("the rating server"))
	}
	return nil
}

// kept is what the plugin has eaten.
var kept [][]byte

// Rpc runs a command by its name.
func (p *testPlugin) Rpc(ctx context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error) {
	text := r.GetPayload().GetStringValue()
	answer := func(v any) (*hook.RpcResponse, error) {
		value, err := structpb.NewValue(v)
		return &hook.RpcResponse{Payload: value}, err
	}
	switch r.GetName() {
	case "echo":
		return answer(text)
	case "settings":
		return answer(fmt.Sprint(p.Greeting, " ", p.Key, " ", p.Development()))
	case "env":
		return answer(strings.Join(os.Environ(), "\x1f"))
	case "args":
		return answer(strings.Join(os.Args, " "))
	case "call":
		c := hook.CallFrom(ctx)
		return answer(c.Game + " " + string(c.Point) + " " + c.Hook)
	case "panic":
		panic("boom " + text)
	case "exit":
		os.Exit(7)
	case "crash":
		go func() { panic("a goroutine's own " + text) }()
		select {}
	case "large":
		return answer(strings.Repeat("x", wire.MaxMessage))
	case "fail":
		return nil, errors.New(text)
	case "log":
		p.Log(ctx).Warn("look", "n", 3, "text", text, "list", []string{"a"}, "plugin", "somebody else")
		fmt.Println("printed " + text)
		fmt.Fprintln(os.Stderr, "complained "+text)
		fmt.Println(strings.Repeat("y", 3*maxLine))
		return answer(nil)
	case "store":
		return p.store(ctx, text)
	case "wait":
		return nil, p.rest(ctx)
	case "spawn":
		return answer(spawnSleeper())
	case "abuse":
		return answer(p.abuse(ctx))
	case "spew": // without an end of a line
		for _, to := range []*os.File{os.Stdout, os.Stderr} {
			for range 64 {
				fmt.Fprint(to, strings.Repeat(text, 1<<20))
			}
			fmt.Fprintln(to)
		}
		return answer(nil)
	case "flood":
		fmt.Fprint(os.Stderr, strings.Repeat(text+"\n", 200_000))
		return answer(nil)
	case "eat": // a bite at a time
		for range 200 {
			kept = append(kept, bytes.Repeat([]byte("x"), 8<<20))
			<-time.After(time.Millisecond)
		}
		return answer(nil)
	case "share": // memory that others could have, too
		for range 200 {
			page, err := syscall.Mmap(-1, 0, 8<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_ANON)
			if err != nil {
				return nil, err
			}
			for at := 0; at < len(page); at += 4096 {
				page[at] = 1
			}
			<-time.After(time.Millisecond)
		}
		return answer(nil)
	case "gulp": // all at once, of which it touches nothing
		kept = append(kept, make([]byte, 2<<30))
		return answer(nil)
	}
	return nil, hook.ErrUnknownRpc
}

func (p *testPlugin) store(ctx context.Context, key string) (*hook.RpcResponse, error) {
	host := hook.HostFrom(ctx)
	version, err := host.Storage().Set(ctx, "", key, json.RawMessage(`{"n":1}`), hook.NoVersion)
	if err != nil {
		return nil, err
	}
	if _, err := host.Storage().Set(ctx, "", key, json.RawMessage(`{}`), hook.NoVersion); !errors.Is(err, hook.ErrConflict) {
		return nil, fmt.Errorf("no conflict: %v", err)
	}
	if _, err := host.Storage().Set(ctx, "", "", nil, hook.AnyVersion); !errors.Is(err, hook.ErrInvalidKey) {
		return nil, fmt.Errorf("no invalid key: %v", err)
	}
	got, err := host.Storage().Get(ctx, "", key)
	if err != nil || len(got) != 1 || got[0].Version != version {
		return nil, fmt.Errorf("got %v: %v", got, err)
	}
	if err := host.Notify(ctx, "account", "kind", json.RawMessage(`[1]`)); err != nil {
		return nil, err
	}
	return &hook.RpcResponse{Payload: structpb.NewStringValue(string(got[0].Value))}, nil
}
