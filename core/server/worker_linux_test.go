package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestWorkerReloads saves a script in a process of its own again and again while
// players call it: no call fails, each version comes into use, and the old
// processes end.
func TestWorkerReloads(t *testing.T) {
	const reloads = 15
	r := newScripted(t, workerBlock, versioned(0))
	calls := r.load(2, func(ctx context.Context, p *player) error {
		_, err := versionOf(ctx, p)
		return err
	})
	watcher := r.player("watcher")
	for i := 1; i <= reloads; i++ {
		r.file("rules.ts", versioned(i))
		eventually(t, fmt.Sprint("version ", i), func() bool {
			got, err := versionOf(t.Context(), watcher)
			must(t, err)
			return got == i
		})
	}
	if n := calls.end(); n < reloads {
		t.Errorf("%d calls are no load", n)
	}
	r.file("rules.ts", "export const rpc = {")
	eventually(t, "a mistake is told", func() bool { return strings.Contains(r.ready(), `"ok":false`) })
	if got, err := versionOf(t.Context(), watcher); got != reloads || err != nil {
		t.Errorf("%d %v", got, err)
	}
	r.file("rules.ts", versioned(1))
	eventually(t, "a good version again", func() bool { return !strings.Contains(r.ready(), `"ok":false`) })

	// `muster plugin` knows it too.
	all := r.plugins()
	if len(all) != 1 || all[0].Name != "rules.ts" || all[0].Program != "script" || all[0].State != "running" || all[0].PID == 0 {
		t.Fatalf("%+v", all)
	}
	if status, body := r.reload("rules.ts"); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	if now := r.plugins(); now[0].PID == all[0].PID {
		t.Error("the reload has the same process")
	}
}
