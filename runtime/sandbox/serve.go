package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/muster-gg/muster/runtime/memory"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// maxStack is how large one stack may grow. The compilers recurse for what is nested;
// a gigabyte, which Go allows, would be more than the process has.
const maxStack = 64 << 20

// Serve is the whole main function of a child. It does not return.
func Serve() {
	out := confine()
	work, err := receive(os.Stdin)
	if err != nil {
		fail("the work cannot be read", err)
	}
	w := newWriter(out)
	if work.Tests != nil {
		w.test(work)
	} else {
		w.build(work)
	}
	os.Exit(0)
}

// confine bounds the process, before it does anything. Nothing but what it returns
// writes to the parent.
func confine() io.Writer {
	debug.SetMaxStack(maxStack)
	allowance, err := strconv.ParseInt(os.Getenv(envMemory), 10, 64)
	if err == nil {
		err = memory.LimitSelf(allowance)
	}
	if err != nil {
		fail("the memory of the process cannot be limited", err)
	}
	out := os.Stdout
	os.Stdout = os.Stderr
	return out
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
	os.Exit(1)
}

// receive reads the work. The input ends when the parent does, and so does the child
// then, on systems where the kernel sees to nothing.
func receive(in io.Reader) (request, error) {
	var work request
	d := json.NewDecoder(in)
	if err := d.Decode(&work); err != nil {
		return work, err
	}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		os.Exit(1)
	}()
	return work, nil
}

// build makes a bundle, and compiles it to see whether that comes to an end. What the
// engine says against it the server will say again.
func (w *writer) build(work request) {
	built, err := bundle.Build(context.Background(), bundle.Options{
		Entry: string(work.Entry), Root: string(work.Root), Modules: work.Modules, Progress: w.progress,
	})
	if err != nil {
		w.refuse(err)
		return
	}
	w.settled()
	_, _ = script.Compile(built.Code)
	w.bundle(string(work.Root), built)
}

// test runs tests.
func (w *writer) test(work request) {
	ctx, cancel := context.WithTimeout(context.Background(), work.Time)
	defer cancel()
	script.LimitRegexps()
	report, err := scripttest.Run(ctx, scripttest.Options{Dir: string(work.Tests), Progress: w.progress})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		w.send(message{Tested: &Verdict{Failed: true, Text: fmt.Sprintf("%v: all of them together have %v", err, work.Time)}})
		return
	case err != nil:
		w.send(message{Failed: err.Error()})
		return
	}
	v := Verdict{Failed: report.Failed()}
	if v.Failed {
		v.Text = shortened(report.Failures())
	}
	w.send(message{Tested: &v})
}
