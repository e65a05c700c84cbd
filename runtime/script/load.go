package script

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/sdk/hook"
)

// Load bundles and compiles a script, and runs it once to find what it exports.
// Errors say in one message what the author has to change, and where. ctx bounds
// the loading alone.
func Load(ctx context.Context, o Options) (*Version, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	root := filepath.Dir(o.Entry)
	built, err := o.Build(ctx, bundle.Options{Entry: o.Entry, Root: root})
	if err != nil {
		return nil, err
	}
	return load(ctx, o, built)
}

// LoadBundle is Load with a bundle that was made already.
func LoadBundle(ctx context.Context, o Options, built *bundle.Result) (*Version, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	return load(ctx, o, built)
}

// load makes a version of a bundle.
func load(ctx context.Context, o Options, built *bundle.Result) (*Version, error) {
	v := &Version{
		options: o, log: o.Logger.With(zap.String("game", o.Game), zap.String("hook", o.Name)),
		hash: built.Hash, files: built.Files, source: filepath.Base(o.Entry), points: map[hook.Point]*point{},
	}
	v.pool = newPool(v)
	refusal, err := plans{}.of((&hook.Refusal{}).ProtoReflect())
	if err != nil {
		return nil, err
	}
	v.playerReasons = refusal.fields[refusal.index["playerReasons"]]
	if len(built.Exports) == 0 {
		return nil, v.noPoints(nil)
	}
	if v.places, err = bundle.ParseMap(built.SourceMap); err != nil {
		return nil, err
	}
	for _, warning := range built.Warnings {
		v.log.Warn(warning.String())
	}
	if v.program, err = v.compile(built); err != nil {
		return nil, err
	}
	if err := v.try(ctx); err != nil {
		v.pool.close()
		v.pool.memory.wait()
		return nil, v.quoted(err)
	}
	v.loaded.Store(true)
	v.warm()
	return v, nil
}

// bundleName is what the engine calls the bundle.
const bundleName = "bundle.js"

// compile compiles the bundle.
func (v *Version) compile(built *bundle.Result) (*goja.Program, error) {
	program, err := Compile(built.Code)
	var misplaced *misplaced
	if errors.As(err, &misplaced) {
		if at, ok := v.place(misplaced.at.Line, misplaced.at.Column); ok {
			return nil, &Error{Message: misplaced.text, Stack: []Frame{at}, Source: at.source}
		}
	}
	if err != nil {
		return nil, v.errorf("cannot be compiled: %s", oneLine(err.Error()))
	}
	return program, nil
}

// Compile compiles the code of a bundle, as Load does, and runs nothing.
func Compile(code string) (program *goja.Program, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	ast, err := goja.Parse(bundleName, code, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	if err := rewrite(ast); err != nil {
		return nil, err
	}
	return goja.CompileAST(ast, true)
}

// try runs the script once, and asks what it serves.
func (v *Version) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	c := &call{ctx: ctx}
	began := time.Now()
	if err := v.serve(c); err != nil {
		return err
	}
	v.loads = time.Since(began)
	return v.findPoints(c.machine)
}

// quoted adds the line of the author's source to an error.
func (v *Version) quoted(err error) error {
	var e *Error
	var late *stopped
	if errors.As(err, &late) {
		e = late.where
		e.Message = "the code outside of functions does not come to an end"
	} else if !errors.As(err, &e) {
		return err
	}
	if len(e.Stack) > 0 {
		e.Source = e.Stack[0].source
	} else if !strings.HasPrefix(e.Message, v.source+":") {
		e.Message = v.source + ": " + e.Message
	}
	return e
}
