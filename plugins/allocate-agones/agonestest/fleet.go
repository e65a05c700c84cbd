// Package agonestest stands in for Agones in tests: its allocator service behind
// mTLS, and the part of the Kubernetes interface that lists and deletes game
// servers. It checks what it is sent as the real ones do, and remembers what it made of it.
package agonestest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// GameServer is one of a fleet.
type GameServer struct {
	Name, State         string
	Labels, Annotations map[string]string
	// Deleted: it is ending, and still listed.
	Deleted bool
	cluster int
}

func (g *GameServer) copied() *GameServer {
	return &GameServer{g.Name, g.State, maps.Clone(g.Labels), maps.Clone(g.Annotations), g.Deleted, g.cluster}
}

// Fleet is the allocator service of a cluster, which may know other clusters. It
// is safe for concurrent use.
type Fleet struct {
	*httptest.Server
	// CA signed the certificates of all services.
	CA *Authority
	// Dir has the files of a client: tls.crt, tls.key, ca.crt and token.
	Dir string

	t       testing.TB
	mu      sync.Mutex
	answer  http.HandlerFunc
	clients *x509.CertPool
	servers []*GameServer
	apis    []*httptest.Server
	calls   int
	lost    int // how many answers get lost from now on, held how many wait
	held    int
	last    map[string]any

	late, going []Late // of the next call, and of the one that was cut
	call        request
	lists       map[int]int // how often each cluster was asked for servers since then
	listed      http.HandlerFunc
	asked       int
}

// New returns a fleet in whose cluster these servers are ready: of the fleet arena,
// in the region eu.
func New(t testing.TB, servers ...string) *Fleet {
	t.Helper()
	f := &Fleet{CA: NewAuthority(t), Dir: t.TempDir(), t: t, clients: x509.NewCertPool(), lists: map[int]int{}}
	f.clients.AddCert(f.CA.cert)
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.allocator))
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.TLS = &tls.Config{Certificates: f.certificate(), ClientAuth: tls.RequireAnyClientCert, VerifyPeerCertificate: f.verify}
	f.StartTLS()
	t.Cleanup(f.Close)
	f.Cluster(servers...)
	f.File("ca.crt", f.CA.PEM)
	f.File("token", []byte("kube-token\n"))
	f.Renew(f.CA)
	return f
}

// Cluster adds one with servers of its own, from which only calls for several
// clusters get any, and returns the address of its Kubernetes interface. New has
// made the first.
func (f *Fleet) Cluster(servers ...string) (api string) {
	f.t.Helper()
	f.mu.Lock()
	cluster := len(f.apis)
	for _, name := range servers {
		f.servers = append(f.servers, &GameServer{
			Name: name, State: "Ready", cluster: cluster,
			Labels: map[string]string{"agones.dev/fleet": "arena", "region": "eu"}, Annotations: map[string]string{},
		})
	}
	f.mu.Unlock()
	s := httptest.NewUnstartedServer(f.kubernetes(cluster))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: f.certificate()}
	s.StartTLS()
	f.t.Cleanup(s.Close)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.apis = append(f.apis, s)
	return s.URL
}

// API is the address of the first cluster's Kubernetes interface.
func (f *Fleet) API() string { return f.apis[0].URL }

// Settings are those of the plugin without a way to delete servers, with some changed.
func (f *Fleet) Settings(changed map[string]any) map[string]any {
	s := map[string]any{
		"url": f.URL, "cert": f.Path("tls.crt"), "key": f.Path("tls.key"), "ca": f.Path("ca.crt"),
		"server_name": "allocator.test", "selectors": []any{"agones.dev/fleet=arena"},
	}
	maps.Copy(s, changed)
	return s
}

// Path is that of a client's file.
func (f *Fleet) Path(name string) string { return filepath.Join(f.Dir, name) }

// File writes one of the client's files.
func (f *Fleet) File(name string, text []byte) {
	f.t.Helper()
	must(f.t, os.WriteFile(f.Path(name), text, 0o600))
}

// Renew gives the client a certificate of an authority.
func (f *Fleet) Renew(by *Authority) {
	cert, key := by.Issue("muster")
	f.File("tls.crt", cert)
	f.File("tls.key", key)
}

// Trusts says whose clients the allocator lets in from now on.
func (f *Fleet) Trusts(authorities ...*Authority) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clients = x509.NewCertPool()
	for _, a := range authorities {
		f.clients.AddCert(a.cert)
	}
}

// Answers makes the allocator answer like that, and counts its calls anew; nil: it
// allocates.
func (f *Fleet) Answers(h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer, f.calls = h, 0
}

// Loses makes the next answers get lost on their way, after a server was allocated.
func (f *Fleet) Loses(answers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lost = answers
}

// Holds makes the next answers wait, after a server was allocated, until their
// callers hang up.
func (f *Fleet) Holds(answers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = answers
}

// Calls is how often the allocator was asked.
func (f *Fleet) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Last is the last request of an allocation.
func (f *Fleet) Last() map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.last)
}

// Servers are those that were not deleted, of all clusters.
func (f *Fleet) Servers() (list []GameServer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.servers {
		list = append(list, *g.copied())
	}
	return list
}

func (f *Fleet) certificate() []tls.Certificate {
	cert, key := f.CA.Issue("allocator.test")
	pair, err := tls.X509KeyPair(cert, key)
	must(f.t, err)
	return []tls.Certificate{pair}
}

// verify is Agones' own check of the client's certificate.
func (f *Fleet) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	cert, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err = cert.Verify(x509.VerifyOptions{Roots: f.clients, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err
}
