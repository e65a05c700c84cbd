package config

import (
	"bytes"
	"regexp"
	"slices"
	"unicode"
)

var (
	wordPattern = regexp.MustCompile(`[\pL\pN_-]+`)
	configBlock = regexp.MustCompile(`^\s*config\b`)
)

// maskLines is for files that do not parse: one quote too many turns text into
// names and names into text, so tokens tell nothing. It replaces, byte for byte
// in place, letters and digits behind the first word of every line, but for
// lines that begin with a known word and name nothing that may hold a secret. An
// env map is masked up to the next closing brace, a config block as far as its
// braces go.
func (r *reader) maskLines() {
	inEnv, config := false, 0
	for line := range bytes.Lines(r.masked) {
		from := len(line)
		if config > 0 || configBlock.Match(line) {
			from = len(line) - len(bytes.TrimLeft(line, " \t"))
			config += bytes.Count(line, []byte("{")) - bytes.Count(line, []byte("}"))
		} else if inEnv {
			from = 0
			inEnv = !bytes.ContainsRune(line, '}')
		}
		for i, at := range wordPattern.FindAllIndex(line, -1) {
			word := string(line[at[0]:at[1]])
			isEnv := word == "env" && !bytes.HasPrefix(line[at[1]:], []byte("("))
			if isEnv || secretName(word) || i == 0 && !r.knownWord(word) {
				from = min(from, at[1])
			}
			inEnv = inEnv || isEnv && !bytes.ContainsRune(line[at[1]:], '}')
		}
		if at := userInURL.FindIndex(line); at != nil {
			from = min(from, at[0])
		}
		stars(line[from:])
	}
}

func (r *reader) knownWord(word string) bool {
	for _, n := range r.known {
		if slices.Contains(n.all(), word) {
			return true
		}
	}
	return false
}

func stars(text []byte) {
	for i, b := range text {
		if b >= 0x80 || unicode.IsLetter(rune(b)) || unicode.IsDigit(rune(b)) {
			text[i] = '*'
		}
	}
}
