package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// jwk is a public key as providers publish it.
type jwk struct {
	Type      string   `json:"kty"`
	ID        string   `json:"kid"`
	Use       string   `json:"use"`
	Algorithm string   `json:"alg"`
	Ops       []string `json:"key_ops"`
	Curve     string   `json:"crv"`
	N         string   `json:"n"`
	E         string   `json:"e"`
	X         string   `json:"x"`
	Y         string   `json:"y"`
}

// minRSA is how short an RSA key may be, in bits.
const minRSA = 2048

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// key returns the key, nil if it is of no use here: of another kind, too weak, not
// for signatures, malformed. Providers may publish such keys beside those that count.
func (k jwk) key() jwt.VerificationKey {
	if k.Use != "" && k.Use != "sig" || len(k.Ops) > 0 && !slices.Contains(k.Ops, "verify") {
		return nil
	}
	switch k.Type {
	case "RSA":
		n, e := number(k.N), number(k.E)
		if n == nil || e == nil || n.BitLen() < minRSA || n.BitLen() > 8*minRSA || e.BitLen() > 31 || e.Int64() < 3 {
			return nil
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}
	case "EC":
		curve, known := curves[k.Curve]
		x, y := number(k.X), number(k.Y)
		if !known || x == nil || y == nil || max(x.BitLen(), y.BitLen()) > curve.Params().BitSize {
			return nil
		}
		size := (curve.Params().BitSize + 7) / 8
		point := make([]byte, 1+2*size)
		point[0] = 4 // uncompressed
		x.FillBytes(point[1 : 1+size])
		y.FillBytes(point[1+size:])
		key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
		if err != nil { // no point of the curve
			return nil
		}
		return key
	case "OKP":
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if k.Curve != "Ed25519" || err != nil || len(x) != ed25519.PublicKeySize {
			return nil
		}
		return ed25519.PublicKey(x)
	}
	return nil
}

// fits reports whether the key may have made a signature of that algorithm.
func (k jwk) fits(algorithm string) bool {
	if k.Algorithm != "" && k.Algorithm != algorithm {
		return false
	}
	switch {
	case strings.HasPrefix(algorithm, "RS"), strings.HasPrefix(algorithm, "PS"):
		return k.Type == "RSA"
	case strings.HasPrefix(algorithm, "ES"):
		return k.Type == "EC" && k.Curve == map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[algorithm]
	}
	return algorithm == "EdDSA" && k.Type == "OKP"
}

func number(text string) *big.Int {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(data) == 0 || len(data) > minRSA {
		return nil
	}
	return new(big.Int).SetBytes(data)
}
