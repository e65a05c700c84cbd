package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	// maxFile is how big a certificate, key or token may be.
	maxFile = 1 << 20
	// maxHeader is how big the header of an answer may be.
	maxHeader = 64 << 10
)

// peer is a service with the files that its connections are made with.
type peer struct {
	// name may be empty; cert and key too, and ca.
	name, cert, key, ca string

	mu   sync.Mutex
	last *tls.Config // what the files held when they were last in order
}

// fileError is what is wrong with the file of a setting.
type fileError struct{ setting, problem string }

func (e *fileError) Error() string { return e.setting + " " + e.problem }

// read makes a config of what the files hold now.
func (p *peer) read() (*tls.Config, *fileError) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: p.name}
	if p.ca != "" {
		text, err := readFile(p.ca)
		if err != nil {
			return nil, &fileError{"ca", "cannot be read: " + bare(err).Error()}
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, &fileError{"ca", "holds no certificate"}
		}
	}
	if p.cert != "" {
		cert, err := readFile(p.cert)
		if err != nil {
			return nil, &fileError{"cert", "cannot be read: " + bare(err).Error()}
		}
		key, err := readFile(p.key)
		if err != nil {
			return nil, &fileError{"key", "cannot be read: " + bare(err).Error()}
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, &fileError{"cert", "and key are no pair"}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = c
	return c, nil
}

// client makes a client for one call. Every call has a connection of its own: it
// uses the files as they are now, and no request is lost on a connection that the
// service has just closed. While the files are being exchanged the last good ones
// hold; stale says why.
func (p *peer) client(secure bool) (client *http.Client, stale error) {
	var config *tls.Config
	if secure {
		fresh, bad := p.read()
		if config = fresh; bad != nil {
			p.mu.Lock()
			config, stale = p.last, bad
			p.mu.Unlock()
		}
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: config,
			DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeader,
		},
		// A redirect would carry the payload on.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, stale
}

// connection traces a request: until there is a connection, nothing was sent. What
// is not sent when the connection is closed never will be: the kernel would go on
// trying, and a call that was given up could come to the service minutes later.
func connection(had *atomic.Bool) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		had.Store(true)
		conn := info.Conn
		if secure, is := conn.(*tls.Conn); is {
			conn = secure.NetConn()
		}
		if plain, is := conn.(*net.TCPConn); is {
			_ = plain.SetLinger(0) // an error means that it is closed already
		}
	}}
}

// refusedCert reports whether the service did not take our certificate. In TLS 1.3
// that is learned after the request was sent; nobody has read it.
func refusedCert(err error) bool {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return false
	}
	// Codes of alerts about certificates, RFC 8446, 6.2: the type is not exported.
	alert := reflect.ValueOf(op.Err)
	return alert.Kind() == reflect.Uint8 && slices.Contains([]uint64{42, 43, 44, 45, 46, 48, 49, 116}, alert.Uint())
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("is too big")
	}
	return text, err
}

// bare takes addresses and paths out of an error.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err
}
