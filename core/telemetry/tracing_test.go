package telemetry

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"
)

// receive is a collector: it decodes what arrives at path.
func receive(t *testing.T, path string) (address string, got <-chan *collector.ExportTraceServiceRequest) {
	t.Helper()
	requests := make(chan *collector.ExportTraceServiceRequest, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(r.Body); err != nil {
				t.Error(err)
				return
			}
		}
		data, err := io.ReadAll(body)
		request := new(collector.ExportTraceServiceRequest)
		if err == nil {
			err = proto.Unmarshal(data, request)
		}
		if err != nil || r.URL.Path != path || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		requests <- request
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func value(attributes []*common.KeyValue, key string) string {
	for _, a := range attributes {
		if a.GetKey() == key {
			return a.GetValue().GetStringValue()
		}
	}
	return ""
}

func TestTracesGoToTheCollector(t *testing.T) {
	for name, c := range map[string]struct{ variable, suffix, path, service string }{
		"all signals": {"OTEL_EXPORTER_OTLP_ENDPOINT", "", "/v1/traces", "muster"},
		"traces only": {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/here", "/here", "muster-eu"},
	} {
		t.Run(name, func(t *testing.T) {
			address, got := receive(t, c.path)
			t.Setenv(c.variable, address+c.suffix)
			if c.service != "muster" {
				t.Setenv("OTEL_SERVICE_NAME", c.service)
			}
			provider, shutdown, err := NewTracing(t.Context(), "1.2.3")
			if err != nil {
				t.Fatal(err)
			}
			ctx, outer := provider.Tracer("test").Start(t.Context(), "outer")
			_, inner := provider.Tracer("test").Start(ctx, "inner", trace.WithAttributes(attribute.String("muster.game", "arena")))
			inner.End()
			outer.End()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := shutdown(ctx); err != nil {
				t.Fatal(err)
			}
			spans := (<-got).GetResourceSpans()[0]
			if a := spans.GetResource().GetAttributes(); value(a, "service.name") != c.service || value(a, "service.version") != "1.2.3" {
				t.Errorf("resource %v", a)
			}
			list := spans.GetScopeSpans()[0].GetSpans()
			if len(list) != 2 || list[0].GetName() != "inner" || value(list[0].GetAttributes(), "muster.game") != "arena" ||
				string(list[0].GetParentSpanId()) != string(list[1].GetSpanId()) {
				t.Errorf("spans %v", list)
			}
		})
	}
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	provider, shutdown, err := NewTracing(t.Context(), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if _, span := provider.Tracer("test").Start(t.Context(), "x"); span.IsRecording() {
		t.Error("a span is recorded for nobody")
	}
	if err := shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
