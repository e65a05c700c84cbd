package allocation

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxHost = 253
	maxName = 256
)

// Validate checks a server that somebody outside named: an address that players
// can be told, a port, a printable name. The error is for logs.
func (s Server) Validate() error {
	if s.Port < 1 || s.Port > 65535 {
		return fmt.Errorf("port %d is not in 1..65535", s.Port)
	}
	if len(s.Name) > maxName || !utf8.ValidString(s.Name) || strings.ContainsFunc(s.Name, unicode.IsControl) {
		return errors.New("the server's name is too long or not printable")
	}
	return validateHost(s.Address)
}

func validateHost(host string) error {
	if host == "" || len(host) > maxHost {
		return errors.New("the address is empty or too long")
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.IsUnspecified() || ip.IsMulticast() || ip.Zone() != "" {
			return fmt.Errorf("address %s cannot be reached by players", ip)
		}
		return nil
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, label := range labels {
		if !validLabel(label) {
			return fmt.Errorf("address %q is neither an IP address nor a host name", host)
		}
	}
	// The last label of a name is never a number: this is a broken IPv4 address.
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return fmt.Errorf("address %q is not a whole IP address", host)
	}
	return nil
}

func validLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(label, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
