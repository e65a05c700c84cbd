package identity

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strings"
	"sync"
	"time"
)

// ownTokens reads access tokens that have, to the byte, the form in which sign
// writes them, in a small part of the time that the library needs for any form.
// Nothing is remembered: every signature is checked.
type ownTokens struct {
	game string
	// head is how all of them begin: the header in base64, and its dot.
	head string
	// readers has *tokenReader that nobody uses.
	readers sync.Pool
}

// tokenReader is what reading one token needs. One is used by one goroutine at a time.
type tokenReader struct {
	mac hash.Hash
	// text is the whole token, payload what is decoded of it; sum is the signature
	// that it must have, claimed the one that it has.
	text, payload, sum, claimed []byte
}

func newOwnTokens(game, kid string, key []byte) *ownTokens {
	header := `{"alg":"HS256","kid":"` + kid + `","typ":"JWT"}`
	return &ownTokens{
		game:    game,
		head:    base64.RawURLEncoding.EncodeToString([]byte(header)) + ".",
		readers: sync.Pool{New: func() any { return &tokenReader{mac: hmac.New(sha256.New, key)} }},
	}
}

// read returns what a token says whose form and signature are ours, expired or
// not. False says nothing of a token but that the library must look at it.
func (o *ownTokens) read(text string) (Claims, bool) {
	if !strings.HasPrefix(text, o.head) {
		return Claims{}, false
	}
	dot := strings.LastIndexByte(text, '.')
	if dot < len(o.head) {
		return Claims{}, false
	}
	r := o.readers.Get().(*tokenReader)
	defer o.readers.Put(r)
	if !r.signed(text, dot) {
		return Claims{}, false
	}
	// A dot too many is no character of base64.
	var err error
	r.payload, err = base64.RawURLEncoding.Strict().AppendDecode(r.payload[:0], r.text[len(o.head):dot])
	if err != nil {
		return Claims{}, false
	}
	return o.claims(r.payload)
}

// signed reports whether what stands after the dot is the signature of what stands
// before it.
func (r *tokenReader) signed(text string, dot int) bool {
	r.text = append(r.text[:0], text...)
	var err error
	r.claimed, err = base64.RawURLEncoding.Strict().AppendDecode(r.claimed[:0], r.text[dot+1:])
	if err != nil {
		return false
	}
	r.mac.Reset()
	r.mac.Write(r.text[:dot])
	r.sum = r.mac.Sum(r.sum[:0])
	return hmac.Equal(r.sum, r.claimed)
}

// claims reads the payload, which is signed. What it says must be ours all the same.
func (o *ownTokens) claims(payload []byte) (Claims, bool) {
	p := plain{rest: payload, ok: true}
	p.skip(`{"iss":"` + issuer + `","sub":"`)
	subject := p.text()
	p.skip(`","exp":`)
	expires := p.number()
	p.skip(`,"iat":`)
	p.number()
	p.skip(`,"accountId":"`)
	account := p.text()
	p.skip(`","game":"`)
	game := p.text()
	p.skip(`","sid":"`)
	sid := p.text()
	p.skip(`"}`)
	if !p.ok || len(p.rest) > 0 || len(subject) == 0 || !bytes.Equal(account, subject) || string(game) != o.game || len(sid) == 0 {
		return Claims{}, false
	}
	return Claims{AccountID: string(subject), Game: o.game, SID: string(sid), ExpiresAt: time.Unix(expires, 0).UTC()}, true
}

// plain reads JSON whose form is known. After the first surprise it is not ok, and
// what it returns means nothing.
type plain struct {
	rest []byte
	ok   bool
}

func (p *plain) skip(what string) {
	if !p.ok || len(p.rest) < len(what) || string(p.rest[:len(what)]) != what {
		p.ok = false
		return
	}
	p.rest = p.rest[len(what):]
}

// text reads to the quote that ends a text. One that needs thought is a surprise.
func (p *plain) text() []byte {
	for i, c := range p.rest {
		switch {
		case c == '"':
			text := p.rest[:i]
			p.rest = p.rest[i:]
			return text
		case c < ' ' || c > '~' || c == '\\':
			p.ok = false
			return nil
		}
	}
	p.ok = false
	return nil
}

// maxDigits keeps numbers exact, whoever reads them.
const maxDigits = 15

func (p *plain) number() (n int64) {
	digits := 0
	for digits < len(p.rest) && '0' <= p.rest[digits] && p.rest[digits] <= '9' {
		n = n*10 + int64(p.rest[digits]-'0')
		if digits++; digits > maxDigits {
			break
		}
	}
	if digits == 0 || digits > maxDigits || p.rest[0] == '0' && digits > 1 {
		p.ok = false
		return 0
	}
	p.rest = p.rest[digits:]
	return n
}
