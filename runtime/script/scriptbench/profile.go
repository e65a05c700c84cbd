package scriptbench

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/google/pprof/profile"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

const (
	// profileTime is how long a function is called for its profile. The engine looks
	// where it is a hundred times a second.
	profileTime = 600 * time.Millisecond
	// maxPlaces are the places that are told of.
	maxPlaces = 5
)

// Place is a line of a script, and how much of the script's time goes there.
type Place struct {
	// Function is empty outside of functions and for those without a name.
	Function string
	// Frame has the file and the line.
	Frame script.Frame
	// Share is of the time that the function takes, 0 to 1.
	Share float64
}

// places calls a function for a while and finds on which lines it is, the one with
// most of the time first. Functions of the engine count for the line that calls them.
// Only one process-wide profile can be made at a time.
func places(ctx context.Context, v *script.Version, p hook.Point, rpc string, host hook.Host) ([]Place, error) {
	var data bytes.Buffer
	if err := goja.StartProfile(&data); err != nil {
		return nil, fmt.Errorf("no profile: %w", err)
	}
	var r Result
	for end := time.Now().Add(profileTime); time.Now().Before(end) && r.Err == nil; {
		r.time(ctx, v, p, rpc, 100, host)
	}
	goja.StopProfile()
	if r.Err != nil {
		return nil, r.Err
	}
	found, err := profile.Parse(&data)
	if err != nil {
		return nil, fmt.Errorf("no profile: %w", err)
	}
	return byLine(v, found), nil
}

// byLine adds the samples of a profile up by the author's lines.
func byLine(v *script.Version, found *profile.Profile) []Place {
	type line struct {
		file string
		line int
	}
	by := map[line]*Place{}
	var sum float64
	for _, s := range found.Sample {
		at, function, ok := where(v, s)
		if !ok {
			continue
		}
		key := line{at.File, at.Line}
		if by[key] == nil {
			by[key] = &Place{Function: function, Frame: at}
		}
		n := float64(s.Value[0])
		by[key].Share += n
		sum += n
	}
	var all []Place
	for _, place := range by {
		place.Share /= sum
		all = append(all, *place)
	}
	slices.SortFunc(all, func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), strings.Compare(a.Frame.File, b.Frame.File), cmp.Compare(a.Frame.Line, b.Frame.Line))
	})
	return all[:min(len(all), maxPlaces)]
}

// where is the innermost place of a sample that the author wrote.
func where(v *script.Version, s *profile.Sample) (script.Frame, string, bool) {
	for _, l := range s.Location {
		if len(l.Line) == 0 || l.Line[0].Function == nil || l.Line[0].Function.Filename != script.BundleFile {
			continue
		}
		if at, ok := v.Line(int(l.Line[0].Line)); ok {
			// The engine counts functions of one name.
			name, _, _ := strings.Cut(l.Line[0].Function.Name, ".")
			if strings.HasPrefix(name, "<") {
				name = ""
			}
			return at, name, true
		}
	}
	return script.Frame{}, "", false
}
