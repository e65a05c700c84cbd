package config

import (
	"fmt"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Setting is one attribute that a plugin's config block may have, as the plugin
// says.
type Setting struct {
	Name string
	// Type is "string", "number", "bool", "list" or "map" (both of strings), or
	// "duration" (a string as Go writes durations).
	Type     string
	Required bool
	// Default stands for an absent attribute; nil is the zero of the type.
	Default any
	// Secret values are never printed.
	Secret bool
	// Doc is a sentence for the operator.
	Doc string
	// OneOf are the allowed values of a string; empty: any.
	OneOf []string
}

// PluginSettings is a plugin's config block: values that the file gives, whose
// meaning the plugin alone knows. All of them count as secret. The zero value has
// none.
type PluginSettings struct {
	file string
	src  []byte
	// owner and title name the plugin block and the config block in messages;
	// plugin and block are their headers, the same one if there is no config block.
	owner, title  string
	plugin, block hcl.Range
	values        map[string]settingValue

	mu sync.Mutex
	// secret are the names that the schema of the last Check called so.
	secret map[string]bool
}

// settingValue is an evaluated attribute.
type settingValue struct {
	*value
	nameAt hcl.Range
}

var _ fmt.Formatter = (*PluginSettings)(nil)

// Format writes no values, for every verb.
func (s *PluginSettings) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("(settings)")) }

// settings reads the config block of a plugin as far as one can without the
// plugin: expressions have their values, names and types may be any.
func (s *section) settings() *PluginSettings {
	p := &PluginSettings{
		file: s.r.file, src: s.r.src, owner: s.title, title: "config of " + s.title, plugin: s.at, block: s.at,
		values: map[string]settingValue{},
	}
	blocks := s.blocks("config", "")
	if len(blocks) == 0 {
		return p
	}
	for _, b := range blocks[1:] {
		s.r.fail(b.DefRange(), problem{
			text: fmt.Sprintf("%s already has a block config, in line %d.", s.title, blocks[0].TypeRange.Start.Line),
			help: "Put everything into one of the two.",
		})
	}
	body := blocks[0].Body
	p.block = blocks[0].DefRange()
	for _, b := range body.Blocks {
		s.r.fail(b.TypeRange, problem{text: "A plugin's config has no blocks.", hint: b.Type + " = { … }"})
	}
	inside := &section{r: s.r, body: body, title: p.title, at: p.block}
	for name, a := range body.Attributes {
		if v := inside.value(name); v != nil {
			p.values[name] = settingValue{v, a.NameRange}
		}
	}
	return p
}

// reader is one for diagnostics about this block alone, those whose names are
// secret masked.
func (s *PluginSettings) reader(secret map[string]bool) *reader {
	at := map[int]bool{}
	for name, v := range s.values {
		if secret[name] {
			at[v.nameAt.Start.Byte] = true
		}
	}
	r := &reader{file: s.file, src: s.src}
	r.show(mask(s.src, s.file, func(name hclsyntax.Token) bool { return at[name.Range.Start.Byte] }))
	return r
}
