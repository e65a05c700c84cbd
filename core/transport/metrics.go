package transport

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/core/session"
)

// metrics are what a server counts. All names begin with muster_.
type metrics struct {
	requests *prometheus.CounterVec
	messages *prometheus.CounterVec
	sockets  *prometheus.GaugeVec
}

// newMetrics makes the metrics and registers them, unless to is nil.
func newMetrics(to prometheus.Registerer, sessions *session.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_http_requests_total", Help: "Answered HTTP requests by route and status.",
		}, []string{"route", "status"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_messages_total", Help: "Handled client messages by game, type and outcome: ok or an error code.",
		}, []string{"game", "type", "outcome"}),
		sockets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "muster_sockets", Help: "Signed-in WebSockets by game.",
		}, []string{"game"}),
	}
	if to == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.messages, m.sockets, newOutput(sessions)} {
		if err := to.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) request(route string, status int) {
	if status == 0 {
		status = 101 // hijacked
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
}

// output shows what the sessions' registry has counted.
type output struct {
	sessions              *session.Registry
	frames, bytes, closes *prometheus.Desc
}

func newOutput(sessions *session.Registry) *output {
	return &output{
		sessions: sessions,
		frames:   prometheus.NewDesc("muster_frames_sent_total", "WebSocket frames written.", nil, nil),
		bytes:    prometheus.NewDesc("muster_bytes_sent_total", "Bytes of WebSocket frames written.", nil, nil),
		closes:   prometheus.NewDesc("muster_socket_closes_total", "Ended WebSockets by close code; 1006: the peer vanished, 4413: it read too slowly.", []string{"code"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (o *output) Describe(to chan<- *prometheus.Desc) {
	to <- o.frames
	to <- o.bytes
	to <- o.closes
}

// Collect implements prometheus.Collector.
func (o *output) Collect(to chan<- prometheus.Metric) {
	stats := o.sessions.Stats()
	to <- prometheus.MustNewConstMetric(o.frames, prometheus.CounterValue, float64(stats.Frames))
	to <- prometheus.MustNewConstMetric(o.bytes, prometheus.CounterValue, float64(stats.Bytes))
	for code, n := range stats.Closes {
		to <- prometheus.MustNewConstMetric(o.closes, prometheus.CounterValue, float64(n), strconv.Itoa(code))
	}
}
