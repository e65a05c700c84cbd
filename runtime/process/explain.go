package process

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// notice is how long it takes at most until the end of a process is noticed.
const notice = drain + 500*time.Millisecond

// accepts decides whether the handshake is one that we can go on with; explain
// says why not.
func (i *instance) accepts(g greeting) bool {
	if g.version != wire.Version || g.kind != "grpc" {
		return false
	}
	return g.encrypted || g.network == "unix" && strings.HasPrefix(filepath.Clean(g.address), i.run.path+string(filepath.Separator))
}

// explain turns a failed start into a sentence that says what to do.
func (i *instance) explain(ctx context.Context, err error) error {
	program := filepath.Base(i.opts.Command[0])
	if i.child == nil || i.child.ID() == "" {
		return fmt.Errorf("%s cannot be started: %w", program, err)
	}
	out := i.child.out
	g := out.greeting()
	switch {
	case g != nil && g.version > wire.Version:
		return fmt.Errorf("%s speaks protocol %d, this Muster speaks %d: upgrade Muster or use an older %s", program, g.version, wire.Version, program)
	case g != nil && g.version < wire.Version:
		return fmt.Errorf("%s speaks protocol %d, this Muster speaks %d: upgrade %s", program, g.version, wire.Version, program)
	case g != nil && g.kind != "grpc":
		return fmt.Errorf("%s speaks %s; Muster's plugins speak gRPC", program, g.kind)
	case g != nil && !i.accepts(*g):
		return fmt.Errorf("%s listens at %s %s without encryption; without it a plugin listens on a unix socket in the folder PLUGIN_UNIX_SOCKET_DIR", program, g.network, cut(g.address))
	}
	ended, how := i.ended(ctx)
	if s := i.sentence.Load(); ended && s != nil {
		return fmt.Errorf("%s: %w", program, s.cause)
	}
	switch {
	case ended && g == nil:
		return fmt.Errorf("%s is no plugin of Muster, or could not start: it ended (%s) before it said where it listens%s", program, how, i.printed())
	case ended:
		return fmt.Errorf("%s ended while it was started (%s)%s", program, how, i.printed())
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case late(ctx) && g == nil:
		return fmt.Errorf("%s is no plugin of Muster, or starts too slowly: it did not say within %s where it listens%s", program, i.opts.Timing.Start, i.printed())
	case late(ctx):
		return fmt.Errorf("%s was not ready within %s%s", program, i.opts.Timing.Start, i.printed())
	}
	return fmt.Errorf("%s: %s", program, i.logs.clean(err.Error()))
}

// late says that the time of ctx is over. The other end of a connection may have seen
// so a little earlier.
func late(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && time.Until(deadline) < notice
}

// ended says whether the process ended by itself, and how. Its end may be noticed
// a little after that of its connection.
func (i *instance) ended(ctx context.Context) (bool, string) {
	ctx, cancel := context.WithTimeout(ctx, notice)
	defer cancel()
	select {
	case <-i.child.exited:
		return ctx.Err() == nil, i.child.state.String()
	case <-ctx.Done():
		return false, ""
	}
}

// printed is what the plugin printed last, as the end of a sentence.
func (i *instance) printed() string {
	text := i.logs.clean(i.child.out.printed())
	if text == "" {
		return "; it printed nothing"
	}
	return "; it printed:\n" + text
}

// dead says how the process ended, which it has.
func (i *instance) dead() error {
	if s := i.sentence.Load(); s != nil {
		return s.cause
	}
	text := i.logs.clean(i.child.out.printed())
	if text == "" {
		return fmt.Errorf("it ended (%s)", i.child.state)
	}
	if first, _, _ := strings.Cut(text, "\n"); i.logs.brief {
		return fmt.Errorf("it ended (%s): %s", i.child.state, first)
	}
	return i.died(fmt.Sprintf("it ended (%s)", i.child.state), text)
}

// secretsOf lists the values that must not be printed.
func secretsOf(schema []*pluginpb.Setting, settings *structpb.Struct) []string {
	var secrets []string
	var add func(v *structpb.Value)
	add = func(v *structpb.Value) {
		switch k := v.GetKind().(type) {
		case *structpb.Value_StringValue:
			secrets = append(secrets, k.StringValue)
		case *structpb.Value_ListValue:
			for _, item := range k.ListValue.GetValues() {
				add(item)
			}
		case *structpb.Value_StructValue:
			for _, item := range k.StructValue.GetFields() {
				add(item)
			}
		}
	}
	for _, s := range schema {
		if s.GetSecret() {
			add(settings.GetFields()[s.GetName()])
		}
	}
	return secrets
}
