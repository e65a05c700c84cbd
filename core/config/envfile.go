package config

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// EnvGame is the name of the one game of an EnvFile.
const EnvGame = "game"

// EnvOptions are how a config is made of an environment.
type EnvOptions struct {
	// LookupEnv finds variables. Nil: those of the process.
	LookupEnv func(string) (string, bool)
	// Dir is the folder in which the data folder is. Empty: the working folder.
	Dir string
	// Discord is the program that signs players in with Discord.
	Discord string
}

// EnvFile is a config that nobody wrote: the environment of GameFlow's public
// template says all that it needs. It is made as text and read as any other file,
// so that every check of a file holds for a variable, too.
type EnvFile struct {
	opts  EnvOptions
	lines []envLine
	// found is what is wrong before the text is read.
	found Diagnostics
}

// envLine is one line of the text.
type envLine struct {
	text string
	// variable is what the line is made of; help says what to do about it, in place
	// of words that would name keys of a file.
	variable, help string
}

// NewEnvFile looks the variables up. An empty one counts as not set.
func NewEnvFile(o EnvOptions) *EnvFile {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	f := &EnvFile{opts: o}
	f.server()
	f.auth()
	f.game()
	return f
}

// Load reads the config. Diagnostics name variables instead of lines.
func (f *EnvFile) Load() (*Config, Diagnostics) {
	text := &strings.Builder{}
	for _, l := range f.lines {
		text.WriteString(l.text + "\n")
	}
	c, found := Parse(envName, []byte(text.String()), Options{LookupEnv: f.opts.LookupEnv, Dir: f.opts.Dir, Files: RequireFiles})
	found = append(slices.Clone(f.found), f.Tell(found)...)
	if found.HasErrors() {
		return nil, found
	}
	return c, found
}

// envName is what diagnostics call the text before Tell.
const envName = "the environment"

// Tell makes diagnostics about the text ones about variables, also those that came
// up later than Load: when a plugin looked at its settings.
func (f *EnvFile) Tell(ds Diagnostics) Diagnostics {
	told := make(Diagnostics, 0, len(ds))
	for _, d := range ds {
		if d.File == envName && d.Line > 0 && d.Line <= len(f.lines) {
			d = f.lines[d.Line-1].tell(d)
		}
		told = append(told, d)
	}
	return told
}

func (l envLine) tell(d Diagnostic) Diagnostic {
	d.Line, d.Column, d.EndColumn, d.Source, d.Hint = 0, 0, 0, "", ""
	if l.variable == "" {
		return d
	}
	d.File = l.variable
	// "secret: env("JWT_SECRET") has 5 bytes": the variable is named already.
	quoted := fmt.Sprintf("env(%q)", l.variable)
	if before, after, is := strings.Cut(d.Text, quoted); is && len(before) < 40 {
		// Of "${env("MUSTER_HOST")}:3000" the rest of the text in quotes goes, too.
		if rest, in := strings.CutPrefix(after, "}"); in {
			_, after, _ = strings.Cut(rest, `"`)
		}
		d.Text = "Its value" + after
	}
	if l.help != "" {
		d.Help = l.help
	}
	return d
}

// set reports whether a variable has a value.
func (f *EnvFile) set(name string) bool {
	v, _ := f.opts.LookupEnv(name)
	return v != ""
}

// add writes a line; key writes one whose value is a variable's, if that is set.
func (f *EnvFile) add(text string) { f.lines = append(f.lines, envLine{text: text}) }

func (f *EnvFile) key(key, variable, help string) {
	if f.set(variable) {
		f.lines = append(f.lines, envLine{fmt.Sprintf("%s = env(%q)", key, variable), variable, help})
	}
}

func (f *EnvFile) warn(variable, text, help string) {
	f.found = append(f.found, Diagnostic{Severity: Warning, File: variable, Text: text, Help: help})
}

func (f *EnvFile) fail(variable, text, help string) {
	f.found = append(f.found, Diagnostic{Severity: Error, File: variable, Text: text, Help: help})
}

// discord reports whether players can sign in with Discord, and why not.
func (f *EnvFile) discord() bool {
	if !f.set(EnvDiscord) {
		f.warn(EnvDiscord, "It is not set: players can sign in anonymously, not with Discord.",
			"It is the id of your application at Discord; tokens of another one are not accepted.")
		return false
	}
	if _, err := exec.LookPath(f.opts.Discord); err != nil {
		f.warn(EnvDiscord, fmt.Sprintf("Players cannot sign in with Discord: the program %s %s.", f.opts.Discord, reason(err)),
			"It is one of Muster's plugins; put it there.")
		return false
	}
	return true
}
