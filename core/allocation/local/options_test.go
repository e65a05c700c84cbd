package local

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-gg/muster/core/allocation"
)

func TestParsePortRange(t *testing.T) {
	for text, want := range map[string]PortRange{
		"21000-21099": {21000, 21099}, "7": {7, 7}, " 1 - 65535 ": {1, 65535},
		"": {}, "-": {}, "0-5": {}, "5-4": {}, "5-65536": {}, "a": {}, "1-2-3": {}, "-5": {},
	} {
		got, err := ParsePortRange(text)
		if got != want || (err == nil) != (want != PortRange{}) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// TestPorts: taken ports, TCP or UDP, are passed over; two fleets share a book.
func TestPorts(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tcp := l.Addr().(*net.TCPAddr).Port
	u, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	udp := u.LocalAddr().(*net.UDPAddr).Port
	for _, port := range []int{tcp, udp} {
		if _, err := NewPortBook().take(PortRange{port, port}, 1); !errors.Is(err, allocation.ErrFull) {
			t.Errorf("port %d: %v", port, err)
		}
	}
	// One that somebody has on one address only is no server's either, and a
	// server has each of its ports for both.
	near, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	if port := near.Addr().(*net.TCPAddr).Port; portFree(port) {
		t.Errorf("port %d is free, and somebody listens on it", port)
	}
	b, r := NewPortBook(), PortRange{23900, 23903}
	first, err := b.take(r, 2)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.take(r, 2)
	if err != nil || first[0] == second[0] || first[1] == second[0] {
		t.Fatalf("%v and %v, %v", first, second, err)
	}
	if _, err := b.take(PortRange{23902, 23910}, 9); !errors.Is(err, allocation.ErrFull) {
		t.Errorf("overlapping range: %v", err)
	}
	b.give(first[:1])
	if again, err := b.take(r, 1); err != nil || again[0] != first[0] {
		t.Errorf("%v, %v", again, err)
	}
}

func TestLookCommand(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "bin", "server")
	if err := os.Mkdir(filepath.Dir(program), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(program))
	for _, first := range []string{"bin/server", "./bin/server", program, "server"} {
		if got, err := LookCommand(dir, []string{first}); err != nil || got != program {
			t.Errorf("%q: %q, %v", first, got, err)
		}
	}
	for _, first := range []string{"", "bin/other", "bin", "../bin/server", "other"} {
		if got, err := LookCommand(dir, []string{first}); err == nil {
			t.Errorf("%q: found %q", first, got)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	good := func() Options {
		return Options{Game: "arena", Command: []string{program}, Ports: PortRange{21000, 21001}, Address: "127.0.0.1", StateDir: "s"}
	}
	if _, err := New(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Options){
		"game":           func(o *Options) { o.Game = "../etc" },
		"no address":     func(o *Options) { o.Address = "" },
		"no state":       func(o *Options) { o.StateDir = "" },
		"no command":     func(o *Options) { o.Command = nil },
		"few ports":      func(o *Options) { o.PortNames = []string{"a", "b", "c"} },
		"no ports":       func(o *Options) { o.Ports = PortRange{} },
		"port name":      func(o *Options) { o.PortNames = []string{"a b"} },
		"same port name": func(o *Options) { o.PortNames = []string{"a-b", "A_B"} },
		"variable":       func(o *Options) { o.Env = map[string]string{"A=B": ""} },
		"negative":       func(o *Options) { o.Idle = -1 },
	} {
		o := good()
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
