package plugin

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// manual is what a plugin says that was started by hand.
func (s *server) manual() string {
	path := os.Args[0]
	if exe, err := os.Executable(); err == nil {
		path = exe
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s is a plugin of Muster: the server starts it, nobody else does.\n", s.info.Name, s.info.Version)
	if s.info.Doc != "" {
		fmt.Fprintf(&b, "%s\n", s.info.Doc)
	}
	fmt.Fprintf(&b, "It serves %s. In config.hcl:\n\n", s.serves())
	fmt.Fprintf(&b, "    plugin %q {\n      command = [%q]\n", s.label(), filepath.ToSlash(path))
	if len(s.fields) > 0 {
		b.WriteString("      config {\n")
		for _, f := range s.fields {
			writeSetting(&b, f.schema)
		}
		b.WriteString("      }\n")
	}
	b.WriteString("    }\n\nand in the game's block:\n\n")
	s.writeUse(&b)
	b.WriteString("\nThen: muster config check\n")
	return b.String()
}

// label is the plugin's name as a block's label.
func (s *server) label() string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(s.info.Name))
}

func (s *server) serves() string {
	words := make([]string, len(s.points))
	for i, p := range s.points {
		words[i] = string(p)
	}
	return strings.Join(words, ", ")
}

// writeUse writes how a game uses each kind of point.
func (s *server) writeUse(b *strings.Builder) {
	var signIn, fleet, rules bool
	for _, p := range s.points {
		switch p {
		case hook.PointAuthenticate:
			signIn = true
		case hook.PointAllocate, hook.PointRelease:
			fleet = true
		default:
			rules = true
		}
	}
	if signIn {
		fmt.Fprintf(b, "    auth = [\"anonymous\", %q]\n", s.label())
	}
	if fleet {
		fmt.Fprintf(b, "    allocate \"plugin\" {\n      use = %q\n    }\n", s.label())
	}
	if rules {
		fmt.Fprintf(b, "    hooks \"plugin\" {\n      use = %q\n    }\n", s.label())
	}
}

// writeSetting writes one attribute: those that are required as they must be
// filled in, the others as a comment with their default.
func writeSetting(b *strings.Builder, s *pluginpb.Setting) {
	value := example(s)
	mark := "# "
	if s.GetRequired() {
		mark = ""
	}
	fmt.Fprintf(b, "        %s%s = %s", mark, s.GetName(), value)
	var notes []string
	if s.GetDoc() != "" {
		notes = append(notes, s.GetDoc())
	}
	if len(s.GetOneOf()) > 0 {
		notes = append(notes, "One of "+strings.Join(s.GetOneOf(), ", ")+".")
	}
	if len(notes) > 0 {
		fmt.Fprintf(b, "   # %s", strings.Join(notes, " "))
	}
	b.WriteByte('\n')
}

// example is a setting's default in HCL, or what stands for its type.
func example(s *pluginpb.Setting) string {
	if s.GetSecret() {
		return fmt.Sprintf("env(%q)", strings.ToUpper(s.GetName()))
	}
	v := s.GetDefault()
	switch s.GetType() {
	case typeNumber:
		return strconv.FormatFloat(v.GetNumberValue(), 'f', -1, 64)
	case typeBool:
		return strconv.FormatBool(v.GetBoolValue())
	case typeList:
		var items []string
		for _, item := range v.GetListValue().GetValues() {
			items = append(items, strconv.Quote(item.GetStringValue()))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case typeMap:
		var items []string
		fields := v.GetStructValue().GetFields()
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			items = append(items, fmt.Sprintf("%q = %q", key, fields[key].GetStringValue()))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	if v == nil && len(s.GetOneOf()) > 0 {
		return strconv.Quote(s.GetOneOf()[0])
	}
	return strconv.Quote(v.GetStringValue())
}
