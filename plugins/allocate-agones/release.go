package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// cluster is the API server of one cluster.
type cluster struct {
	url, token string // token is a file
	peer       *peer
}

// Points are allocate, and release where there is a way to end a server: who cannot
// release must not say so, or servers without a match would be nobody's.
func (a *agones) Points() []hook.Point {
	if len(a.clusters) == 0 {
		return []hook.Point{hook.PointAllocate}
	}
	return []hook.Point{hook.PointAllocate, hook.PointRelease}
}

// startReleasing prepares for deleting servers, if that is wanted.
func (a *agones) startReleasing() error {
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

// Release deletes the game servers of a match: those with its labels, so that it
// works too when nobody was told which server that is. The allocator service has no
// call for it, hence Kubernetes' own interface, of every cluster: what is in one
// need not be known to another. Where none is left, that is a success.
func (a *agones) Release(ctx context.Context, r *hook.ReleaseRequest) error {
	switch {
	case r.GetMatchId() == "":
		return errors.New("agones: the match has no id")
	case len(a.clusters) == 0:
		return errors.New("agones: servers cannot be deleted: kubernetes_url is not set")
	}
	ctx, cancel := web.Within(ctx, a.Timeout)
	defer cancel()
	deleted, errs := make([]int, len(a.clusters)), make([]error, len(a.clusters))
	var wg sync.WaitGroup
	for i, c := range a.clusters {
		wg.Go(func() { deleted[i], errs[i] = a.delete(ctx, c, r) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return hook.Unreachable(fmt.Errorf("agones: %w", err))
	}
	sum := 0
	for _, n := range deleted {
		sum += n
	}
	a.Log(ctx).Info("released", "match", r.GetMatchId(), "server", r.GetServer().GetName(), "deleted", sum)
	return nil
}

// delete deletes a match's servers of one cluster, and says how many there were.
func (a *agones) delete(ctx context.Context, c *cluster, r *hook.ReleaseRequest) (deleted int, err error) {
	token, err := readToken(c.token)
	if err != nil {
		return 0, fmt.Errorf("the token cannot be read: %w", bare(err))
	}
	which := url.Values{"labelSelector": {matchLabel + "=" + labelValue(r.GetMatchId()) + "," + gameLabel + "=" + labelValue(r.GetGame())}}
	address := c.url + "/apis/agones.dev/v1/namespaces/" + a.Namespace + "/gameservers?" + which.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, address, nil)
	if err != nil {
		return 0, errors.New("the address is not valid")
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	client, stale := c.peer.client(c.secure())
	if stale != nil {
		a.Log(ctx).Warn("the authority of kubernetes_url cannot be read: the last one stays in use", "error", stale.Error())
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("the API server: %w", plain(bare(err)))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return 0, fmt.Errorf("the API server's answer was cut: %w", plain(err))
	case response.StatusCode != http.StatusOK && response.StatusCode != http.StatusAccepted:
		return 0, fmt.Errorf("the API server answered %d", response.StatusCode)
	}
	var list struct {
		Items []struct{} `json:"items"`
	}
	_ = json.Unmarshal(text, &list) // it may answer without a list: the number is for the log alone
	return len(list.Items), nil
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
