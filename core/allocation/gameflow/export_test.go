package gameflow

import (
	"net"
	"net/http"
	"testing"
)

// NewOver returns a provider whose calls reach h over pipes, so that a false
// clock may run. It cleans up by itself.
func NewOver(t *testing.T, h http.Handler, o Options) *Provider {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: h}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l)
	}()
	p.client.Transport.(*http.Transport).DialContext = l.dial
	t.Cleanup(func() {
		p.Close()
		_ = server.Close()
		<-served
	})
	return p
}

// Decode is decode, for the fuzzer.
var Decode = decode
