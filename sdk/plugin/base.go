package plugin

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"

	"github.com/muster-gg/muster/sdk/hook"
)

// Plugin is a value that embeds Base.
type Plugin interface{ base() *Base }

// Base is embedded by every plugin. Its zero value is ready, so that a plugin's
// methods can be called in tests without anything around them.
type Base struct{ set atomic.Pointer[setup] }

// setup is what Base knows once it is served.
type setup struct {
	log         hclog.Logger
	development bool
}

func (b *Base) base() *Base { return b }

// Log returns the logger of a call: its lines appear in the server's log with
// their level and fields, and with the call's game and point. In Start and
// elsewhere it is the plugin's logger without the two.
func (b *Base) Log(ctx context.Context) hclog.Logger {
	log := hclog.Default()
	if s := b.set.Load(); s != nil {
		log = s.log
	}
	if c := hook.CallFrom(ctx); c.Point != "" {
		return log.With("game", c.Game, "point", string(c.Point))
	}
	return log
}

// Development says that the server is not in production mode. It is known from
// Start on.
func (b *Base) Development() bool {
	s := b.set.Load()
	return s != nil && s.development
}

// Info says what a plugin is. All of it is optional.
type Info struct {
	// Name is by default the executable's.
	Name string
	// Version is by default that of the main module, as the build knows it.
	Version string
	// Doc is one sentence for operators.
	Doc string
}

// Starter is implemented by plugins that prepare something. Start is called once,
// after the settings are filled in and before any call. An error keeps the plugin
// from serving; BadSetting makes it one about a setting.
type Starter interface {
	Start(ctx context.Context) error
}

// Stopper is implemented by plugins that have something to finish. Stop is called
// once, when no more calls come; the process is ended two seconds later at the latest.
type Stopper interface {
	Stop(ctx context.Context) error
}

// RpcNamer is implemented by plugins that serve the point rpc for some names only.
// Without it they are asked for every name.
type RpcNamer interface {
	RpcNames() []string
}

// PointNamer is implemented by plugins that know only after Start which of the
// points that they have methods for they serve: it may depend on their settings.
type PointNamer interface {
	Points() []hook.Point
}

// BadSetting says what is wrong with a setting: it is shown to the operator beside
// the attribute of that name. Start returns it.
func BadSetting(name, problem string) error { return &badSetting{name, problem} }

type badSetting struct{ name, problem string }

func (e *badSetting) Error() string { return fmt.Sprintf("the setting %s %s", e.name, e.problem) }
