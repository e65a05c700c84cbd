package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/plugin"
)

// maxList is how much of an API server's answer is read: a match has few servers,
// but each may have annotations of a quarter of a megabyte.
const maxList = 8 << 20

// cluster is the API server of one cluster.
type cluster struct {
	url, token string // token is a file
	peer       *peer
}

// startClusters prepares for finding and deleting servers, if that is wanted.
func (a *agones) startClusters() error {
	cas, problem := each(a.KubernetesCA, len(a.KubernetesURL))
	if problem != "" {
		return plugin.BadSetting("kubernetes_ca", problem)
	}
	tokens, problem := each(a.KubernetesToken, len(a.KubernetesURL))
	if problem != "" {
		return plugin.BadSetting("kubernetes_token", problem)
	}
	for i, address := range a.KubernetesURL {
		base, problem := web.Base(address, a.Development())
		if problem != "" {
			return plugin.BadSetting("kubernetes_url", problem)
		}
		if _, err := readToken(tokens[i]); err != nil {
			return plugin.BadSetting("kubernetes_token", "cannot be read: "+bare(err).Error())
		}
		c := &cluster{url: base, token: tokens[i], peer: &peer{ca: cas[i]}}
		if c.secure() {
			if _, err := c.peer.read(); err != nil {
				return plugin.BadSetting("kubernetes_"+err.setting, err.problem)
			}
		}
		a.clusters = append(a.clusters, c)
	}
	return nil
}

// each is a list with as many files as there are clusters.
func each(files []string, clusters int) (all []string, problem string) {
	switch {
	case clusters == 0 || len(files) == clusters:
		return files, ""
	case len(files) != 1:
		return nil, "must name one file, or one for each kubernetes_url"
	}
	for range clusters {
		all = append(all, files[0])
	}
	return all, ""
}

// everywhere does something in all clusters at once, and succeeds where all did.
func (a *agones) everywhere(do func(place int, c *cluster) error) error {
	errs := make([]error, len(a.clusters))
	var wg sync.WaitGroup
	for i, c := range a.clusters {
		wg.Go(func() { errs[i] = do(i, c) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// statusError is an answer of an API server that is no success.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("the API server answered %d", int(e)) }

// notAllowed reports whether an API server does not take such a request, now or later.
func notAllowed(err error) bool {
	var s statusError
	return errors.As(err, &s) && s >= 400 && s < 500 && s != http.StatusRequestTimeout && s != http.StatusTooManyRequests
}

// servers makes a request for the game servers of a match in one cluster: all, or
// all but one.
func (a *agones) servers(ctx context.Context, c *cluster, method string, o owner, but string) ([]byte, error) {
	token, err := readToken(c.token)
	if err != nil {
		return nil, fmt.Errorf("the token cannot be read: %w", bare(err))
	}
	own := labelsOf(o)
	which := url.Values{"labelSelector": {matchLabel + "=" + own[matchLabel] + "," + gameLabel + "=" + own[gameLabel]}}
	if but != "" {
		which.Set("fieldSelector", "metadata.name!="+but)
	}
	address := c.url + "/apis/agones.dev/v1/namespaces/" + a.Namespace + "/gameservers?" + which.Encode()
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, errors.New("the address is not valid")
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	client, stale := c.peer.client(c.secure())
	if stale != nil {
		a.Log(ctx).Warn("the authority of kubernetes_url cannot be read: the last one stays in use", "error", stale.Error())
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the API server: %w", plain(bare(err)))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxList+1))
	switch {
	case response.StatusCode != http.StatusOK && (method != http.MethodDelete || response.StatusCode != http.StatusAccepted):
		return nil, statusError(response.StatusCode)
	case err != nil:
		return nil, fmt.Errorf("the API server's answer was cut: %w", plain(err))
	}
	return text, nil
}

func (c *cluster) secure() bool { return strings.HasPrefix(c.url, "https:") }

// readToken reads a token that goes into a header.
func readToken(path string) (string, error) {
	text, err := readFile(path)
	if err != nil {
		return "", err
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 || bytes.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("it holds no token")
	}
	return string(text), nil
}
