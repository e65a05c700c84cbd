package wire

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// latencies reads `regions`: names, and what was measured in whole ms. A null is a
// region that could not be reached, and is left out.
func (f *fields) latencies() map[string]int {
	if !f.has(fieldRegions) {
		f.invalid(fieldRegions, "is required")
	}
	if !f.is(fieldRegions, object) {
		return nil
	}
	v := f.values[fieldRegions]
	s := scanner{b: f.frame[:v.end], i: v.start}
	out := make(map[string]int)
	s.members(2, func(key, val value) bool {
		name := key.string(f.frame)
		if name == "" || utf8.RuneCountInString(name) > MaxRegion {
			f.invalid(fieldRegions, "must have names of 1 to %d characters", MaxRegion)
			return false
		}
		switch val.kind {
		case null:
			delete(out, name)
			return true
		case number:
		default:
			f.fail(ErrInvalidMessage)
			return false
		}
		ms, err := strconv.ParseFloat(string(f.frame[val.start:val.end]), 64)
		if err != nil || ms < 0 || ms > MaxLatency {
			f.invalid(fieldRegions, "must have 0 to %d ms", MaxLatency)
			return false
		}
		out[name] = int(math.Round(ms))
		if len(out) > MaxRegions {
			f.invalid(fieldRegions, "must have at most %d names", MaxRegions)
			return false
		}
		return true
	})
	return out
}
