package process

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// Bounds of what a plugin says of itself.
const (
	maxName     = 64
	maxDoc      = 1000
	maxSettings = 100
	maxRpcNames = 256
	maxOneOf    = 64
)

var settingName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// checkDescription holds what a plugin says of itself against the rules.
func checkDescription(d *pluginpb.DescribeResponse) ([]hook.Point, error) {
	if err := checkText("name", d.GetName(), 1, maxName); err != nil {
		return nil, err
	}
	if err := checkText("version", d.GetVersion(), 1, maxName); err != nil {
		return nil, err
	}
	if err := checkText("doc", d.GetDoc(), 0, maxDoc); err != nil {
		return nil, err
	}
	points, err := checkPoints(d.GetPoints())
	if err != nil {
		return nil, err
	}
	if len(d.GetRpcNames()) > maxRpcNames {
		return nil, fmt.Errorf("it has %d rpc names; %d are allowed", len(d.GetRpcNames()), maxRpcNames)
	}
	for _, name := range d.GetRpcNames() {
		if err := checkText("rpc name", name, 1, maxName); err != nil {
			return nil, err
		}
	}
	if len(d.GetSettings()) > maxSettings {
		return nil, fmt.Errorf("it has %d settings; %d are allowed", len(d.GetSettings()), maxSettings)
	}
	seen := map[string]bool{}
	for _, s := range d.GetSettings() {
		if err := checkSetting(s); err != nil {
			return nil, err
		}
		if seen[s.GetName()] {
			return nil, fmt.Errorf("it has two settings %q", s.GetName())
		}
		seen[s.GetName()] = true
	}
	return points, nil
}

func checkPoints(names []string) ([]hook.Point, error) {
	if len(names) == 0 {
		return nil, errors.New("it serves no extension point")
	}
	var points []hook.Point
	for _, name := range names {
		p, err := hook.ParsePoint(cut(name))
		if err != nil {
			return nil, fmt.Errorf("it serves the point %q, which this Muster does not know", cut(name))
		}
		if slices.Contains(points, p) {
			return nil, fmt.Errorf("it names the point %s twice", p)
		}
		points = append(points, p)
	}
	return points, nil
}

func checkSetting(s *pluginpb.Setting) error {
	if !settingName.MatchString(s.GetName()) {
		return fmt.Errorf("it has a setting of the name %q; a name has up to 63 of a-z, 0-9 and _, a letter first", cut(s.GetName()))
	}
	if err := checkText("doc of the setting "+s.GetName(), s.GetDoc(), 0, maxDoc); err != nil {
		return err
	}
	if len(s.GetOneOf()) > 0 && s.GetType() != "string" {
		return fmt.Errorf("its setting %s lists values; only a string may", s.GetName())
	}
	if len(s.GetOneOf()) > maxOneOf {
		return fmt.Errorf("its setting %s lists %d values; %d are allowed", s.GetName(), len(s.GetOneOf()), maxOneOf)
	}
	for _, one := range s.GetOneOf() {
		if err := checkText("value of the setting "+s.GetName(), one, 0, maxName); err != nil {
			return err
		}
	}
	fits, known := defaultFits(s.GetType(), s.GetDefault())
	if !known {
		return fmt.Errorf("its setting %s has the type %q, which this Muster does not know", s.GetName(), cut(s.GetType()))
	}
	if s.GetDefault() != nil && (!fits || s.GetRequired()) {
		return fmt.Errorf("the default of its setting %s does not fit", s.GetName())
	}
	return nil
}

// defaultFits says whether v is a value of the type, and whether there is such a type.
func defaultFits(kind string, v *structpb.Value) (fits, known bool) {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		_, err := time.ParseDuration(k.StringValue)
		fits = kind == "string" || kind == "duration" && err == nil
	case *structpb.Value_NumberValue:
		fits = kind == "number"
	case *structpb.Value_BoolValue:
		fits = kind == "bool"
	case *structpb.Value_ListValue:
		fits = kind == "list" && !slices.ContainsFunc(k.ListValue.GetValues(), noString)
	case *structpb.Value_StructValue:
		fits = kind == "map"
		for _, item := range k.StructValue.GetFields() {
			fits = fits && !noString(item)
		}
	}
	return fits, slices.Contains([]string{"string", "number", "bool", "list", "map", "duration"}, kind)
}

func noString(v *structpb.Value) bool {
	_, is := v.GetKind().(*structpb.Value_StringValue)
	return !is
}

// checkText holds a text that people are shown against its length, in characters.
func checkText(what, text string, least, most int) error {
	switch n := utf8.RuneCountInString(text); {
	case n < least:
		return fmt.Errorf("its %s is empty", what)
	case n > most:
		return fmt.Errorf("its %s has %d characters; %d are allowed", what, n, most)
	case strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fmt.Errorf("its %s has characters that cannot be printed", what)
	}
	return nil
}

// cut makes a name that may be anything fit into a sentence.
func cut(s string) string {
	if utf8.RuneCountInString(s) > maxName {
		return string([]rune(s)[:maxName]) + "…"
	}
	return s
}
