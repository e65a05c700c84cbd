package bundle

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/go-sourcemap/sourcemap"
)

// Map leads from places in a bundle's code to the author's files. It is immutable
// and safe for concurrent use.
type Map struct {
	consumer *sourcemap.Consumer // nil: there is nothing to lead to
	lines    map[string][]string
}

// ParseMap reads a Result's SourceMap.
func ParseMap(data []byte) (*Map, error) {
	var content struct {
		Sources        []string `json:"sources"`
		SourcesContent []string `json:"sourcesContent"`
		Mappings       string   `json:"mappings"`
	}
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	m := &Map{lines: map[string][]string{}}
	if strings.Trim(content.Mappings, ";") != "" {
		c, err := sourcemap.Parse("", data)
		if err != nil {
			return nil, fmt.Errorf("bundle: %w", err)
		}
		m.consumer = c
	}
	for i, name := range content.Sources {
		if i < len(content.SourcesContent) {
			m.lines[name] = strings.Split(content.SourcesContent[i], "\n")
		}
	}
	return m, nil
}

// Lookup returns the place in the sources that a place in the code was made of,
// and its line. Lines and columns count from 1, as in goja's stack frames; the
// answer's column counts characters. ok is false for code that has no source, such
// as the calls of __muster_export.
func (m *Map) Lookup(line, col int) (file string, sourceLine, sourceCol int, source string, ok bool) {
	if m.consumer == nil {
		return "", 0, 0, "", false
	}
	file, _, sourceLine, sourceCol, ok = m.consumer.Source(line, max(col-1, 0))
	if !ok || file == "" {
		return "", 0, 0, "", false
	}
	if lines := m.lines[file]; sourceLine >= 1 && sourceLine <= len(lines) {
		source = strings.TrimSuffix(lines[sourceLine-1], "\r")
		units := utf16.Encode([]rune(source))
		sourceCol = len(utf16.Decode(units[:min(max(sourceCol, 0), len(units))]))
	}
	return file, sourceLine, sourceCol + 1, source, true
}

// plainSources takes the namespace off the names of a source map's sources.
func plainSources(data []byte) ([]byte, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	var sources []string
	if err := json.Unmarshal(m["sources"], &sources); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	for i, s := range sources {
		sources[i] = strings.TrimPrefix(s, namespace+":")
	}
	m["sources"], _ = json.Marshal(sources)
	return json.Marshal(m)
}
