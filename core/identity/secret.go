package identity

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"
)

// MinSecret is the least length of a server secret, in bytes.
const MinSecret = 16

// LoadOrCreateSecret returns the secret that a development server made for itself:
// 32 random bytes, kept as base64url in a file of mode 0600 and made at the first
// call (two processes at once get the same). It warns when others may read the file.
// The secret appears in no log and no error.
func LoadOrCreateSecret(path string, logger *zap.Logger) ([]byte, error) {
	secret, err := loadSecret(path, logger)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := createSecret(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("identity: make secret: %w", err)
	}
	return loadSecret(path, logger)
}

func loadSecret(path string, logger *zap.Logger) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("identity: secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && logger != nil {
		logger.Warn("the file with the server's secret can be read by others; make it 0600",
			zap.String("path", path), zap.Stringer("mode", info.Mode().Perm()))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("identity: secret: %w", err)
	}
	secret, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) < MinSecret {
		// The decoder's error could quote the secret.
		return nil, fmt.Errorf("identity: %s does not hold a secret: want at least %d bytes as base64url", path, MinSecret)
	}
	return secret, nil
}

// createSecret writes beside the place and links it there, so that the file is
// either complete or absent and an existing one is never replaced.
func createSecret(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	var b [32]byte
	rand.Read(b[:])
	_, err = f.WriteString(base64.RawURLEncoding.EncodeToString(b[:]) + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
