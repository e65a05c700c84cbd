package scripttest

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/runtime/script/scriptlog"
	"github.com/muster-gg/muster/sdk/hook"
)

// DefaultTimeout is how long one test may take.
const DefaultTimeout = time.Second

// Options say which tests to run.
type Options struct {
	// Dir is the hooks folder. Tests import from it and its packages alone.
	Dir string
	// Files are the tests, relative to Dir; nil for those that Find finds.
	Files []string
	// Run picks tests by their names; nil for all.
	Run *regexp.Regexp
	// Timeout of one test; 0 is DefaultTimeout.
	Timeout time.Duration
	// Progress, if it is set, is told of each file before its tests are run, and
	// (done) after them.
	Progress func(file string, done bool)
}

// The modules of the kit.
var (
	//go:embed kit.js
	kitSource string
	//go:embed values.js
	valuesSource string
)

const (
	entryModule  = "muster:tests"
	kitModule    = "muster:kit"
	valuesModule = "muster:values"
	testModule   = "muster/test"
)

// Run runs tests, one after the other. An error means that they could not be run to
// their end; what is wrong with a file or a test is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	dir, err := filepath.Abs(o.Dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err == nil && o.Files == nil {
		o.Files, err = Find(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("the tests of %s: %w", o.Dir, err)
	}
	o.Dir = dir
	report := &Report{}
	for _, name := range o.Files {
		began := time.Now()
		o.tell(name, false)
		f := o.file(ctx, name)
		f.Took = time.Since(began)
		o.tell(name, true)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("the tests were stopped in %s: %w", name, err)
		}
		report.Files = append(report.Files, f)
	}
	return report, nil
}

func (o *Options) tell(file string, done bool) {
	if o.Progress != nil {
		o.Progress(file, done)
	}
}

// file runs the tests of one file.
func (o *Options) file(ctx context.Context, name string) File {
	f := File{Name: name}
	path, err := json.Marshal("./" + filepath.ToSlash(name))
	if err != nil {
		f.Err = err
		return f
	}
	built, err := bundle.Build(ctx, bundle.Options{Entry: entryModule, Root: o.Dir, Modules: map[string]string{
		entryModule:  fmt.Sprintf(`import %s; export { rpc } from %q;`, path, kitModule),
		kitModule:    kitSource,
		valuesModule: valuesSource,
		testModule:   fmt.Sprintf(`export { test, expect, context, lobby, player } from %q;`, kitModule),
	}})
	if err != nil {
		f.Err = err
		return f
	}
	for _, w := range built.Warnings {
		f.Warnings = append(f.Warnings, w.String())
	}
	built.Warnings = nil
	var names []string
	if f.Err = o.run(ctx, f.Name, built, newWorld(), nil, "list", nil, &names); f.Err != nil {
		return f
	}
	for i, test := range names {
		if o.Run == nil || o.Run.MatchString(test) {
			f.Tests = append(f.Tests, o.test(ctx, f.Name, built, test, i))
		}
	}
	return f
}

// test runs one test.
func (o *Options) test(ctx context.Context, file string, built *bundle.Result, name string, index int) Test {
	began, w, log := time.Now(), newWorld(), scriptlog.New()
	err := o.run(ctx, file, built, w, log, "run", index, nil)
	t := Test{Name: name, Took: time.Since(began), Logged: log.Lines()}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		t.Failure = o.failure(err, w.detail)
	case w.unmet != "":
		t.Failure = &Failure{Message: w.unmet}
	}
	return t
}

// run loads a bundle into a machine of its own and calls one of the kit's functions.
func (o *Options) run(ctx context.Context, file string, built *bundle.Result, w *world, log *scriptlog.Log, function string, payload, answer any) error {
	v, err := script.LoadBundle(ctx, script.Options{
		Game: "test", Name: file, Entry: filepath.Join(o.Dir, filepath.FromSlash(file)), Timeout: o.Timeout,
		Fetch: w, Logger: log.Logger(), Clock: w.clock, Rand: w.rand,
		Simulation: &script.Simulation{Pass: w.pass, Natives: w.natives()},
	}, built)
	if err != nil {
		return err
	}
	request := &hook.RpcRequest{Name: function}
	if payload != nil {
		data, err := json.Marshal(payload)
		if err == nil {
			request.Payload, err = hook.ValueFromJSON(data)
		}
		if err != nil {
			return err
		}
	}
	response := &hook.RpcResponse{}
	done := make(chan error, 1)
	go func() { // what does not heed its end is left behind
		done <- errors.Join(v.Invoke(hook.WithHost(ctx, w.host), hook.PointRpc, request, response), v.Close(context.WithoutCancel(ctx)))
	}()
	limit := time.NewTimer(2*o.Timeout + time.Second)
	defer limit.Stop()
	select {
	case err = <-done:
	case <-limit.C:
		return errStuck
	}
	if err != nil || answer == nil {
		return err
	}
	data, err := hook.ValueToJSON(response.GetPayload())
	if err != nil {
		return err
	}
	return json.Unmarshal(data, answer)
}

var errStuck = errors.New("a function of the engine does not come to an end: it had to be left behind")
