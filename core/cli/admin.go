package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/config"
)

const maxAnswer = 4 << 20 // bytes of an answer of the admin listener

// adminFlags say where a running server is.
type adminFlags struct{ address, file string }

func (f *adminFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.address, "admin", "", "the `URL` of the server's admin listener (default: admin_listen of the config file)")
	cmd.Flags().StringVarP(&f.file, "config", "c", "config.hcl", "the config `file` of the running server")
}

// adminClient talks to the admin listener of a running server.
type adminClient struct {
	base string
	// from says where the address was found, for messages.
	from string
	http *http.Client
}

// client finds the server. What is wrong with the config is told on errOut.
func (f adminFlags) client(errOut io.Writer) (*adminClient, error) {
	c := &adminClient{from: "-admin", http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if f.address != "" {
		var err error
		c.base, err = adminURL(f.address)
		return c, err
	}
	c.from = "admin_listen of " + f.file
	listen, found := config.AdminListen(f.file, config.Options{})
	if found.HasErrors() {
		if err := config.Format(errOut, found, wantsColour(errOut)); err != nil {
			return nil, err
		}
		fmt.Fprintln(errOut, "\nOr say where the server is: -admin URL")
		return nil, errShown
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	if port == "0" {
		return nil, fmt.Errorf("admin_listen of %s is any free port: say which one the server took, by -admin URL", f.file)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	c.base = "http://" + net.JoinHostPort(host, port)
	return c, nil
}

// adminURL reads a URL, or a host and port alone.
func adminURL(address string) (string, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", usageError(`-admin takes the URL of an admin listener, such as http://127.0.0.1:7351`)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// answerError is what the server said when it did not do what it was asked for.
type answerError struct {
	status     int
	text, code string
}

func (e *answerError) Error() string { return e.text }

// call sends a request and reads the JSON of its answer into out.
func (c *adminClient) call(ctx context.Context, method, path string, within time.Duration, out any) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return c.unreachable(err)
	}
	if res.StatusCode != http.StatusOK {
		return c.refused(res.StatusCode, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return c.stranger("no JSON of ours")
	}
	return nil
}

// refused is the error for an answer of another status than 200.
func (c *adminClient) refused(status int, body []byte) error {
	failed := struct{ Error, Code string }{}
	if json.Unmarshal(body, &failed) == nil && failed.Error != "" {
		return &answerError{status, plainLines(failed.Error), failed.Code}
	}
	return c.stranger(fmt.Sprintf("status %d", status))
}

func (c *adminClient) stranger(why string) error {
	return fmt.Errorf("what answers at %s (%s) is no admin listener of a Muster that knows plugins: %s", c.base, c.from, why)
}

func (c *adminClient) unreachable(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("stopped before the server answered")
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the server at %s (%s) does not answer", c.base, c.from)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no server runs at %s (%s)\nStart one by \"muster serve\", or say where it is: -admin URL", c.base, c.from)
	}
	return fmt.Errorf("no server can be reached at %s (%s): %w\nSay where it is: -admin URL", c.base, c.from, err)
}
