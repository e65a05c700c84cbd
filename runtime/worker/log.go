package worker

import (
	"io"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// maxLine is how long a line may be; the server cuts off what is more than 16 KiB.
const maxLine = 15 << 10

// logger writes lines as the server reads them from its plugins. The game's and the
// hook's name are left to the server, which knows them.
type logger struct {
	zapcore.LevelEnabler
	encoder zapcore.Encoder
	out     zapcore.WriteSyncer
	quiet   *atomic.Bool
}

var _ zapcore.Core = (*logger)(nil)

func newLogger(out io.Writer, level string) *logger {
	enabled := zap.DebugLevel
	if l, err := zapcore.ParseLevel(level); err == nil {
		enabled = l
	}
	return &logger{
		LevelEnabler: enabled, out: zapcore.Lock(zapcore.AddSync(out)), quiet: &atomic.Bool{},
		encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{
			MessageKey: "@message", LevelKey: "@level", EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeDuration: zapcore.StringDurationEncoder,
		}),
	}
}

func (l *logger) zap() *zap.Logger { return zap.New(l) }

// With drops the fields, which are those that all lines have.
func (l *logger) With([]zapcore.Field) zapcore.Core { return l }

// Check implements zapcore.Core.
func (l *logger) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if l.Enabled(e.Level) && !l.quiet.Load() {
		return to.AddCore(e, l)
	}
	return to
}

// Write writes one line; one that is too long without what the script gave it.
func (l *logger) Write(e zapcore.Entry, fields []zapcore.Field) error {
	line, err := l.encoder.EncodeEntry(e, fields)
	if err == nil && line.Len() > maxLine {
		line.Free()
		kept := make([]zapcore.Field, 0, len(fields))
		for _, f := range fields {
			if f.Key != "fields" {
				kept = append(kept, f)
			}
		}
		line, err = l.encoder.EncodeEntry(e, append(kept, zap.String("fields", "too long")))
	}
	if err != nil {
		return err
	}
	defer line.Free()
	_, err = l.out.Write(line.Bytes())
	return err
}

// Sync implements zapcore.Core.
func (l *logger) Sync() error { return nil }
