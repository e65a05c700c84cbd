package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// maxFields is how many differences of two values are shown.
const maxFields = 30

// tree reads JSON for a comparison; what is none is a text.
func tree(data []byte) any {
	if len(data) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return string(data)
	}
	return v
}

// fields are the differences of two values, a line for each field.
func fields(path string, was, is any) []string {
	f := finder{}
	f.compare(path, was, is)
	if f.found > maxFields {
		f.lines = append(f.lines, fmt.Sprintf("… and %d more", f.found-maxFields))
	}
	return f.lines
}

type finder struct {
	lines []string
	found int
}

func (f *finder) add(path, format string, args ...any) {
	if f.found++; f.found > maxFields {
		return
	}
	if path == "" {
		path = "the answer"
	}
	f.lines = append(f.lines, clip(path)+": "+fmt.Sprintf(format, args...))
}

func (f *finder) compare(path string, was, is any) {
	switch a := was.(type) {
	case map[string]any:
		if b, ok := is.(map[string]any); ok {
			f.objects(path, a, b)
			return
		}
	case []any:
		if b, ok := is.([]any); ok {
			f.lists(path, a, b)
			return
		}
	}
	if before, now := brief(was), brief(is); !equal(was, is) {
		if before == now { // what is different was cut off
			now += " with another end"
		}
		f.add(path, "was %s, is %s", before, now)
	}
}

func (f *finder) objects(path string, a, b map[string]any) {
	keys := slices.Sorted(maps.Keys(a))
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		before, was := a[key]
		now, is := b[key]
		switch at := member(path, key); {
		case !was:
			f.add(at, "was not there, is %s", brief(now))
		case !is:
			f.add(at, "was %s, is gone", brief(before))
		default:
			f.compare(at, before, now)
		}
	}
}

func (f *finder) lists(path string, a, b []any) {
	for i := range max(len(a), len(b)) {
		switch at := fmt.Sprintf("%s[%d]", path, i); {
		case i >= len(a):
			f.add(at, "was not there, is %s", brief(b[i]))
		case i >= len(b):
			f.add(at, "was %s, is gone", brief(a[i]))
		default:
			f.compare(at, a[i], b[i])
		}
	}
}

var plain = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

func member(path, key string) string {
	switch {
	case !plain.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}

func equal(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// brief is a value in one line.
func brief(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it was read from JSON
	return clip(string(bytes.TrimSpace(b.Bytes())))
}
