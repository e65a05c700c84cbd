package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"io"
)

// DeriveKey makes a key for one purpose from the server's secret: HMAC-SHA256
// under the secret over purpose and parts, each preceded by its length (8 bytes,
// big-endian), so that no two lists of parts give the same input. Same input, same
// key, on every node; keys of different purposes tell nothing about each other.
// Purposes in use: "access token" (this package), others belong to their rooms.
func DeriveKey(secret []byte, purpose string, parts ...string) [32]byte {
	mac := hmac.New(sha256.New, secret)
	writeParts(mac, append([]string{"muster key", purpose}, parts...)...)
	return [32]byte(mac.Sum(nil))
}

// writeParts writes each part after its length. Hashes never fail to write.
func writeParts(w io.Writer, parts ...string) {
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		w.Write(n[:])
		io.WriteString(w, p)
	}
}
