// Package telemetry is how a node is seen from outside: its log and its metrics.
package telemetry

import (
	"fmt"
	"io"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger returns the node's logger: readable lines in "development" (with
// colours when w is a terminal), JSON in "production". Whatever goes through it
// passes Redact, as the last line of defence.
func NewLogger(mode string, w io.Writer) (*zap.Logger, error) {
	out := zapcore.Lock(zapcore.AddSync(redactor{w}))
	switch mode {
	case "development":
		ec := zap.NewDevelopmentEncoderConfig()
		ec.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		ec.CallerKey = zapcore.OmitKey
		if f, ok := w.(*os.File); ok && isTerminal(f) {
			ec.EncodeLevel = zapcore.CapitalColorLevelEncoder
		}
		return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(ec), out, zapcore.InfoLevel)), nil
	case "production":
		ec := zap.NewProductionEncoderConfig()
		ec.EncodeTime = zapcore.ISO8601TimeEncoder
		return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(ec), out, zapcore.InfoLevel)), nil
	}
	return nil, fmt.Errorf("telemetry: unknown mode %q", mode)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// redactor masks secrets in every line that is written.
type redactor struct{ w io.Writer }

func (r redactor) Write(line []byte) (int, error) {
	if _, err := r.w.Write(Redact(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}
