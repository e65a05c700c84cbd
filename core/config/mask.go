package config

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// mask returns the source with the text of secrets replaced by asterisks, byte
// for byte, so that places stay the same. It works on tokens: it holds for files
// that do not parse, too. Masked are literals behind a key that may hold a
// secret, the values of env maps, addresses with a user in them, and comments;
// and the values of config blocks, whose secrets the plugin alone knows. Once it
// has told them, secret says which names they are, and the others are shown.
func mask(src []byte, file string, secret func(name hclsyntax.Token) bool) []byte {
	tokens, _ := hclsyntax.LexConfig(src, file, hcl.InitialPos)
	m := masker{out: bytes.Clone(src), tokens: tokens, told: secret}
	for i := range tokens {
		m.token(i)
	}
	return m.out
}

// secretName reports whether a key of this name may hold a secret. It errs
// towards yes, so that misspelt keys are covered.
func secretName(name string) bool {
	name = strings.ToLower(name)
	return near(name, "secret") || near(name, "api_key") || slices.ContainsFunc(
		[]string{"secret", "key", "token", "passw", "credential"},
		func(part string) bool { return strings.Contains(name, part) })
}

type masker struct {
	out    []byte
	tokens hclsyntax.Tokens
	depth  int
	// secret: inside the value of a key that was read at depth from.
	secret bool
	from   int
	// env: that value is an env map, whose own keys stay readable.
	env bool
	// shown: the next literal is the NAME of env("NAME").
	shown bool
	// told says which names hold secrets, beside those that one sees it of.
	told func(name hclsyntax.Token) bool
	// config is the depth inside a config block, 0 outside of one.
	config int
}

func (m *masker) token(i int) {
	t := m.tokens[i]
	switch t.Type {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen,
		hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl, hclsyntax.TokenOHeredoc:
		m.depth++
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen,
		hclsyntax.TokenTemplateSeqEnd, hclsyntax.TokenCHeredoc:
		m.depth--
		if m.depth < m.from {
			m.secret = false
		}
		if m.depth < m.config {
			m.config = 0
		}
	case hclsyntax.TokenNewline:
		if m.depth <= m.from {
			m.secret = false
		}
	case hclsyntax.TokenComment:
		m.fill(i, ' ') // it may be a line that was set aside, with all that it holds
	case hclsyntax.TokenComma:
		m.shown = false
	case hclsyntax.TokenIdent:
		m.ident(i)
	case hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenNumberLit:
		m.literal(i)
	}
}

func (m *masker) ident(i int) {
	name := string(m.tokens[i].Bytes)
	sets := m.follows(i, 1, hclsyntax.TokenEqual, hclsyntax.TokenColon)
	switch {
	case m.follows(i, 1, hclsyntax.TokenOParen):
		m.shown = name == "env"
	case m.secret && (m.depth > m.from || !sets):
		// A key of a map stays readable, a secret without its quotes does not.
		if !sets && !m.shown {
			m.hide(i)
		}
	case sets, secretName(name) && m.follows(i, 1, hclsyntax.TokenOQuote):
		m.env = name == "env"
		m.secret, m.from = m.env || secretName(name) || m.setting(i), m.depth
	case name == "config" && m.follows(i, 1, hclsyntax.TokenOBrace) && m.config == 0:
		m.config = m.depth + 1
	}
}

// setting reports whether the name may be that of a plugin's secret.
func (m *masker) setting(i int) bool {
	if m.told != nil {
		return m.told(m.tokens[i])
	}
	return m.config > 0 || string(m.tokens[i].Bytes) == "config"
}

func (m *masker) follows(i, distance int, types ...hclsyntax.TokenType) bool {
	return i+distance < len(m.tokens) && slices.Contains(types, m.tokens[i+distance].Type)
}

var (
	userInURL = regexp.MustCompile(`[^\s"]*@|/[^/\s"]*:[^\d/\s"]`)
	keyFile   = regexp.MustCompile(`\.(pem|key)$`) // tls { key = "key.pem" }
)

func (m *masker) literal(i int) {
	t := m.tokens[i]
	hide := m.secret && !m.shown && !keyFile.Match(t.Bytes)
	m.shown = false
	// A quoted key of an env map.
	if m.env && m.follows(i, 1, hclsyntax.TokenCQuote) && m.follows(i, 2, hclsyntax.TokenEqual, hclsyntax.TokenColon) {
		hide = false
	}
	if hide || userInURL.Match(t.Bytes) {
		m.hide(i)
	}
}

func (m *masker) hide(i int) { m.fill(i, '*') }

func (m *masker) fill(i int, with byte) {
	t := m.tokens[i]
	for at := t.Range.Start.Byte; at < min(t.Range.End.Byte, len(m.out)); at++ {
		if m.out[at] != '\n' && m.out[at] != '\r' {
			m.out[at] = with
		}
	}
}
