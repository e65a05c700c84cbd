package lobby

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// hashPassword returns "salt.mac" of a lobby's password, "" for none. Lobby
// passwords live for minutes and guesses are limited by transport, so a fast MAC
// keeps them out of dumps without letting joins be used to burn CPU.
func hashPassword(password string) string {
	if password == "" {
		return ""
	}
	salt := rand.Text()
	return salt + "." + passwordMAC(salt, password)
}

func passwordMAC(salt, password string) string {
	mac := hmac.New(sha256.New, []byte(salt))
	mac.Write([]byte(password))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// checkPassword compares in constant time. A lobby without a password takes any.
func checkPassword(hash, password string) bool {
	if hash == "" {
		return true
	}
	salt, mac, _ := strings.Cut(hash, ".")
	return subtle.ConstantTimeCompare([]byte(mac), []byte(passwordMAC(salt, password))) == 1
}

// samePassword reports whether a lobby's password is the one given, "" for none.
func samePassword(hash, password string) bool {
	if hash == "" || password == "" {
		return hash == "" && password == ""
	}
	return checkPassword(hash, password)
}
