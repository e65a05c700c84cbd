package process

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Bounds of one line's fields.
const (
	maxFields = 32
	maxKey    = 64
)

// logs writes a plugin's lines into the server's log: at the level and with the
// fields that the plugin gave them, without the values of its secret settings.
type logs struct {
	to   *zap.Logger
	mask atomic.Pointer[strings.Replacer]
	// panicking is set once a Go program began to say why it dies.
	panicking atomic.Bool
	// brief says that of what it then says only the beginning is for operators: the
	// rest is about our own code.
	brief bool
	flood flood
}

// masked stands where a secret was.
const masked = "(masked)"

// minSecret is the length from which a secret is masked: a shorter one would
// mask ordinary words.
const minSecret = 4

// hide masks these values from now on.
func (l *logs) hide(secrets []string) {
	var pairs []string
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, s := range secrets {
		if len(s) >= minSecret {
			pairs = append(pairs, s, masked)
		}
	}
	l.mask.Store(strings.NewReplacer(pairs...))
}

// clean returns text without secrets.
func (l *logs) clean(text string) string {
	if r := l.mask.Load(); r != nil {
		return r.Replace(text)
	}
	return text
}

// line logs what the plugin printed. It returns what of it may explain a death.
func (l *logs) line(stream, line string) string {
	logged, dropped := l.flood.admit(len(line), time.Now())
	switch {
	case dropped < 0:
		l.to.Warn("it prints too much: lines are dropped")
	case dropped > 0:
		l.to.Warn("lines of it are logged again", zap.Int("dropped", dropped))
	}
	if !logged && !lastWords(line) && !l.panicking.Load() {
		return ""
	}
	line = l.clean(line)
	if !logged {
		return line
	}
	if stream == "stderr" {
		if level, message, fields, ok := parse(line); ok {
			if entry := l.to.Check(level, message); entry != nil {
				entry.Write(fields...)
			}
			if level < zap.WarnLevel {
				return ""
			}
			return message
		}
	}
	if entry := l.to.Check(l.plainLevel(stream, line), line); entry != nil {
		entry.Write(zap.String("stream", stream))
	}
	return line
}

// plainLevel is the level of a line that says none.
func (l *logs) plainLevel(stream, line string) zapcore.Level {
	if stream == "stderr" && lastWords(line) {
		l.panicking.Store(true)
	}
	switch {
	case l.brief && l.panicking.Load() && stream == "stderr" && !lastWords(line):
		return zap.DebugLevel
	case l.panicking.Load() && stream == "stderr", strings.HasPrefix(line, "[ERROR]"):
		return zap.ErrorLevel
	case strings.HasPrefix(line, "[WARN]"):
		return zap.WarnLevel
	case strings.HasPrefix(line, "[DEBUG]"), strings.HasPrefix(line, "[TRACE]"):
		return zap.DebugLevel
	}
	return zap.InfoLevel
}

// lastWords says that a Go program begins to say why it dies.
func lastWords(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
}

// parse reads a line that a hclog logger wrote, as packages for other languages
// do, too.
func parse(line string) (zapcore.Level, string, []zap.Field, bool) {
	if !strings.HasPrefix(line, "{") {
		return 0, "", nil, false
	}
	var raw map[string]any
	if json.Unmarshal([]byte(line), &raw) != nil {
		return 0, "", nil, false
	}
	message, said := raw["@message"].(string)
	level, leveled := raw["@level"].(string)
	if !said || !leveled {
		return 0, "", nil, false
	}
	var fields []zap.Field
	if module, ok := raw["@module"].(string); ok && module != "" {
		fields = append(fields, zap.String("module", module))
	}
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if strings.HasPrefix(key, "@") || len(fields) == maxFields {
			continue
		}
		fields = append(fields, field(key, raw[key]))
	}
	return levelOf(level), message, fields, true
}

func levelOf(name string) zapcore.Level {
	switch hclog.LevelFromString(name) {
	case hclog.Trace, hclog.Debug:
		return zap.DebugLevel
	case hclog.Warn:
		return zap.WarnLevel
	case hclog.Error:
		return zap.ErrorLevel
	}
	return zap.InfoLevel
}

// field keeps the plugin from posing as somebody else.
func field(key string, value any) zap.Field {
	if len(key) > maxKey {
		key = strings.ToValidUTF8(key[:maxKey], "")
	}
	if key == "plugin" {
		key = "plugin_"
	}
	switch v := value.(type) {
	case string:
		return zap.String(key, v)
	case float64:
		return zap.Float64(key, v)
	case bool:
		return zap.Bool(key, v)
	case nil:
		return zap.String(key, "null")
	case map[string]any:
		return zap.Any(key, v)
	}
	return zap.String(key, compact(value))
}

func compact(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}
