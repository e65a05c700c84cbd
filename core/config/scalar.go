package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const durationHelp = `Durations are written as "90s", "5m", "2h" or "250ms".`

// duration parses a time span from low to high.
func duration(low, high time.Duration) func(*value) (time.Duration, *misfit) {
	return func(v *value) (time.Duration, *misfit) {
		t, bad := text(v)
		if bad != nil {
			bad.help = durationHelp
			if n, err := strconv.ParseFloat(strings.Trim(bad.hint, `"`), 64); err == nil && n >= 0 {
				bad.hint = strings.TrimSuffix(bad.hint, `"`) + `s"`
			}
			return 0, bad
		}
		d, err := time.ParseDuration(t)
		switch {
		case err != nil:
			return 0, &misfit{is: "is not a duration", hint: durationHint(t), help: durationHelp}
		case d < low || d > high:
			return 0, &misfit{is: "is out of range", help: fmt.Sprintf("Allowed is %s to %s.", short(low), short(high))}
		}
		return d, nil
	}
}

var spelledOut = regexp.MustCompile(`^\s*(\d+)\s*([A-Za-z]*)\s*$`)

// durationHint understands "30", "5 minutes", "30d".
func durationHint(t string) string {
	m := spelledOut.FindStringSubmatch(t)
	if m == nil {
		return ""
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil {
		return ""
	}
	unit := strings.ToLower(m[2])
	switch {
	case unit == "" || strings.HasPrefix(unit, "s"):
		return fmt.Sprintf(`"%ds"`, n)
	case unit == "ms" || strings.HasPrefix(unit, "mil"):
		return fmt.Sprintf(`"%dms"`, n)
	case strings.HasPrefix(unit, "m"):
		return fmt.Sprintf(`"%dm"`, n)
	case strings.HasPrefix(unit, "h"):
		return fmt.Sprintf(`"%dh"`, n)
	case strings.HasPrefix(unit, "d"):
		return fmt.Sprintf(`"%dh"`, n*24)
	}
	return ""
}

// short writes a duration as a person would: 2h, not 2h0m0s.
func short(d time.Duration) string {
	t := d.String()
	if strings.HasSuffix(t, "m0s") {
		t = strings.TrimSuffix(t, "0s")
	}
	if strings.HasSuffix(t, "h0m") {
		t = strings.TrimSuffix(t, "0m")
	}
	return t
}

var sizePattern = regexp.MustCompile(`^(\d+)(B|KiB|MiB|GiB|TiB)$`)

// size parses a number of bytes such as "256MiB". "0" and 0 are none.
func size(v *value) (int64, *misfit) {
	if n, bad := between(0, 0)(v); bad == nil {
		return int64(n), nil
	}
	t, bad := text(v)
	const help = `Sizes are written as "256MiB"; the units are B, KiB, MiB, GiB, TiB.`
	if bad != nil {
		bad.help, bad.hint = help, ""
		return 0, bad
	}
	if t == "0" {
		return 0, nil
	}
	m := sizePattern.FindStringSubmatch(t)
	if m == nil {
		return 0, &misfit{is: "is not a size", hint: sizeHint(t), help: help}
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	shift := 10 * strings.Index("BKMGT", m[2][:1])
	if err != nil || n > math.MaxInt64>>shift {
		return 0, &misfit{is: "is too large", help: help}
	}
	return n << shift, nil
}

// sizeHint understands "256MB", "256 mb", "256m".
func sizeHint(t string) string {
	m := spelledOut.FindStringSubmatch(t)
	if m == nil || m[2] == "" {
		return ""
	}
	unit := strings.ToUpper(m[2][:1])
	switch {
	case strings.EqualFold(m[2], "B"):
		return fmt.Sprintf(`"%sB"`, m[1])
	case strings.Contains("KMGT", unit):
		return fmt.Sprintf(`"%s%siB"`, m[1], unit)
	}
	return ""
}

// portRange parses "21000-21099" or "21000".
func portRange(t string) (PortRange, *misfit) {
	const help = `A range is written as "21000-21099", both ends included; ports are 1 to 65535.`
	from, to, isRange := strings.Cut(t, "-")
	if !isRange {
		to = from
	}
	first, errFirst := port(from)
	last, errLast := port(to)
	switch {
	case errFirst != nil || errLast != nil:
		return PortRange{}, &misfit{is: "is not a range of ports", help: help}
	case first > last:
		return PortRange{}, &misfit{is: "begins after its end", hint: fmt.Sprintf(`"%d-%d"`, last, first), help: help}
	}
	return PortRange{first, last}, nil
}

func port(t string) (int, error) {
	n, err := strconv.ParseUint(t, 10, 16)
	if err == nil && (n == 0 || t[0] == '+') {
		err = strconv.ErrRange
	}
	return int(n), err
}
