package identity

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"pgregory.net/rapid"
)

// fixedKey was computed by another program from the description of DeriveKey.
const fixedKey = "96f19c37a3142a16dff6bd1322ee4bbc964268ab1cdbf74608f877daae7226e7"

// The derivation must never change: tokens and tickets that are out would die.
func TestDeriveKeyIsFixed(t *testing.T) {
	key := DeriveKey([]byte("secret"), "purpose", "a", "b")
	if got := hex.EncodeToString(key[:]); got != fixedKey {
		t.Errorf("got %s", got)
	}
}

func TestDeriveKeyDiffers(t *testing.T) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00\x01")), 0, 4, -1)
	list := rapid.SliceOfN(text, 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := list.Draw(t, "a"), list.Draw(t, "b")
		same := strings.Join(quoted(a), ",") == strings.Join(quoted(b), ",")
		ka, kb := DeriveKey([]byte("s"), a[0], a[1:]...), DeriveKey([]byte("s"), b[0], b[1:]...)
		if (ka == kb) != same {
			t.Fatalf("%q and %q", a, b)
		}
		if ka == DeriveKey([]byte("t"), a[0], a[1:]...) {
			t.Fatal("two secrets, one key")
		}
	})
}

func quoted(parts []string) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = hex.EncodeToString([]byte(p))
	}
	return out
}

func TestSecretIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "secret")
	var got [8][]byte
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = LoadOrCreateSecret(path, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range got {
		if len(s) != 32 || string(s) != string(got[0]) {
			t.Fatal("not one secret of 32 bytes")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	other, err := LoadOrCreateSecret(filepath.Join(t.TempDir(), "secret"), nil)
	if err != nil || string(other) == string(got[0]) {
		t.Errorf("two servers, one secret: %v", err)
	}
}

func TestSecretThatOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	core, logs := observer.New(zap.DebugLevel)
	first, err := LoadOrCreateSecret(path, zap.New(core))
	if err != nil || logs.Len() != 0 {
		t.Fatalf("%v, logs %v", err, logs.All())
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreateSecret(path, zap.New(core))
	if err != nil || string(again) != string(first) || logs.FilterLevelExact(zap.WarnLevel).Len() != 1 {
		t.Errorf("%v, logs %v", err, logs.All())
	}
	text, _ := os.ReadFile(path)
	for _, e := range logs.All() {
		if strings.Contains(e.Message, strings.TrimSpace(string(text))) {
			t.Error("the secret is in the log")
		}
	}
}

func TestSecretThatIsNone(t *testing.T) {
	for _, text := range []string{"", "short", "not base64url !!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "c2VjcmV0"} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadOrCreateSecret(path, nil)
		if err == nil || !strings.Contains(err.Error(), path) || (text != "" && strings.Contains(err.Error(), text)) {
			t.Errorf("%q: %v", text, err)
		}
		if now, _ := os.ReadFile(path); string(now) != text {
			t.Errorf("%q was replaced", text)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	if _, err := LoadOrCreateSecret(filepath.Join(file, "secret"), nil); err == nil {
		t.Error("a folder that cannot be made was no error")
	}
}
