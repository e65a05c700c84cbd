package fetch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// private are the networks that no name may lead to: the machine, its neighbours,
// the cloud's metadata, and what only looks like an address of the internet.
var private = networks(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// global is what is in use of IPv6. All else is local, translated or mapped.
var global = netip.MustParsePrefix("2000::/3")

func networks(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

// public reports whether an address is one of the internet. One of IPv4 in IPv6's
// form is judged, and dialled by every system, as what it stands for.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsValid() || ip.Zone() != "" || ip.Is6() && !global.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(private, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// dial connects to a host that the list allows. The addresses are judged after the
// name is resolved and once more by the dialer, just before it connects: no second
// answer of a name server comes between.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	may := public
	var ips []netip.Addr
	if ip, err := netip.ParseAddr(host); err == nil {
		// It was an entry itself, else permit had refused it.
		ips, may = []netip.Addr{ip.Unmap()}, func(dialled netip.Addr) bool { return dialled.Unmap() == ip.Unmap() }
	} else {
		if strings.EqualFold(host, "localhost") {
			may = func(ip netip.Addr) bool { return ip.Unmap().IsLoopback() }
		}
		if ips, err = c.lookup(ctx, host); err != nil {
			return nil, err
		}
	}
	d := net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !may(to.Addr()) {
			return refuse("%q may not be reached at %s, which is not public", host, address)
		}
		return nil
	}}
	var failed error
	for _, ip := range ips {
		conn, err := d.DialContext(ctx, network, net.JoinHostPort(ip.Unmap().String(), port))
		if err == nil {
			return conn, nil
		}
		// What a person can mend comes first.
		var refused *Error
		if failed == nil || errors.As(failed, &refused) {
			failed = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// maxAddresses is how many of a host's addresses are tried.
const maxAddresses = 8

func (c *Client) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	find := c.options.Lookup
	if find == nil {
		find = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	ips, err := find(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(ips) == 0 {
		return nil, errors.New("the name has no address")
	}
	return ips[:min(len(ips), maxAddresses)], nil
}
