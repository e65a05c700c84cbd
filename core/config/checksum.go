package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

const (
	checksumDigits = 2 * sha256.Size
	maxProgram     = 1 << 30 // bytes of a program that is read for its checksum
)

var (
	hexDigits = regexp.MustCompile(`^[0-9a-fA-F]+$`)
	// decorated is a checksum as tools print it: "sha256:…", "…  file".
	decorated = regexp.MustCompile(`^\s*(?i:sha256[:=-])?\s*([0-9a-fA-F]{64})(?:\s.*)?$`)
)

// checksum reads the checksum of a command's program, and holds it against the
// file if that is there. Production demands one.
func (s *section) checksum(name string, command []string, mode Mode) string {
	sum := get(s, name, "", of(func(t string) (string, *misfit) { return checksumText(t, s.checksumHelp(command)) }))
	switch {
	case s.r.failedAt(s, name):
	case sum == "" && mode == Production:
		s.r.fail(s.place(name), problem{
			text: "Production needs the checksum of a plugin's program.",
			help: s.checksumHelp(command),
		})
	case sum != "" && s.r.opts.Files != IgnoreFiles:
		if actual, err := programSum(command); err == nil && actual != sum {
			s.otherProgram(name, actual)
		}
	}
	return sum
}

func (s *section) otherProgram(name, actual string) {
	p := problem{
		text: name + ": the program that is there has another checksum.",
		help: fmt.Sprintf(`If it is the one that you mean: %s = "%s".`, name, actual),
	}
	if s.r.opts.Files == RequireFiles {
		s.r.fail(s.place(name), p)
		return
	}
	s.r.warn(s.place(name), p)
}

// checksumText parses 64 hex digits. Empty is none.
func checksumText(t, help string) (string, *misfit) {
	if t == "" {
		return "", nil
	}
	bad := &misfit{is: "is not a checksum", help: help}
	switch isHex := hexDigits.MatchString(t); {
	case isHex && len(t) == checksumDigits:
		return strings.ToLower(t), nil
	case isHex && len(t) >= 32:
		bad.is = fmt.Sprintf("has %d hex digits; a SHA-256 checksum has %d", len(t), checksumDigits)
	case decorated.MatchString(t):
		bad.is = "has more in it than the checksum"
		bad.hint = `"` + strings.ToLower(decorated.FindStringSubmatch(t)[1]) + `"`
	case strings.ContainsAny(t, `/\.`):
		bad.is = "is the name of a file, its checksum is needed"
	}
	return "", bad
}

// checksumHelp says what to write, as exactly as the program at hand allows.
func (s *section) checksumHelp(command []string) string {
	if s.r.opts.Files != IgnoreFiles {
		if sum, err := programSum(command); err == nil {
			return fmt.Sprintf(`That of the program that is there: sha256 = "%s".`, sum)
		}
	}
	return `It is 64 hex digits; "sha256sum FILE" prints them.`
}

// programSum is the checksum of a command's program.
func programSum(command []string) (string, error) {
	if len(command) == 0 {
		return "", errors.New("no program")
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return "", err
	}
	// A pipe or device would not come to an end.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Size() > maxProgram {
		return "", errors.Join(err, errors.New("not a file to read"))
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, maxProgram)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
