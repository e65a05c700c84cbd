package process

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of what a plugin prints.
const (
	// maxLine is how much of one line is logged.
	maxLine = 16 << 10
	// tailBytes is how much is remembered for an error's sentence.
	tailBytes = 1 << 10
)

// shake is the line with which a plugin says where it listens: core protocol,
// version, network, address, kind, certificate. What its author printed before
// without ending the line may stand in front.
var shake = regexp.MustCompile(`1\|(\d{1,9})\|(unix|tcp)\|([^|]+)\|(grpc|netrpc)(?:\|([^|]*))?`)

// greeting is what the handshake said.
type greeting struct {
	version          int
	network, address string
	kind             string
	encrypted        bool
}

// output reads what a plugin prints, always to the end: the handshake goes to
// go-plugin, everything else to the log.
type output struct {
	// log writes a line and returns what of it may explain a death.
	log func(stream, line string) string
	// handshake gives go-plugin the one line that it wants.
	handshake *io.PipeReader
	forward   *io.PipeWriter
	// accepts decides whether go-plugin is given the line at all.
	accepts func(greeting) bool

	readers []*os.File
	read    sync.WaitGroup

	mu    sync.Mutex
	tail  []byte
	dying bool // tail begins with last words, which count more than what follows
	found *greeting
}

func newOutput(log func(stream, line string) string, accepts func(greeting) bool) *output {
	o := &output{log: log, accepts: accepts}
	o.handshake, o.forward = io.Pipe()
	return o
}

// open returns the ends of standard output and error to give to a process. The
// caller closes its copies.
func (o *output) open() ([2]*os.File, error) {
	var ends [2]*os.File
	for i, copy := range []func(*os.File){o.readOut, o.readErr} {
		r, w, err := os.Pipe()
		if err != nil {
			if i == 1 {
				ends[0].Close()
			}
			o.close(0)
			return ends, err
		}
		ends[i] = w
		o.readers = append(o.readers, r)
		o.read.Go(func() { copy(r) })
	}
	return ends, nil
}

// close takes what is left, for at most so long.
func (o *output) close(wait time.Duration) {
	for _, r := range o.readers {
		_ = r.SetReadDeadline(time.Now().Add(wait))
	}
	o.read.Wait()
	for _, r := range o.readers {
		r.Close()
	}
	o.forward.Close()
}

func (o *output) readErr(r *os.File) {
	eachLine(r, func(line string) { o.remember(o.log("stderr", line)) })
}

func (o *output) readOut(r *os.File) {
	eachLine(r, func(line string) {
		if o.greeting() == nil && o.greet(line) {
			return
		}
		o.remember(o.log("stdout", line))
	})
	// go-plugin waits for a line that does not come any more.
	o.forward.Close()
}

// greet reports whether the line is the handshake, and passes it on.
func (o *output) greet(line string) bool {
	at := shake.FindStringSubmatchIndex(line)
	if at == nil {
		return false
	}
	part := func(i int) string {
		if at[2*i] < 0 {
			return ""
		}
		return line[at[2*i]:at[2*i+1]]
	}
	g := greeting{network: part(2), address: part(3), kind: part(4), encrypted: len(part(5)) > 50}
	g.version, _ = strconv.Atoi(part(1))
	o.mu.Lock()
	o.found = &g
	o.mu.Unlock()
	if o.accepts(g) {
		_, _ = io.WriteString(o.forward, line[at[0]:]+"\n")
	} else {
		o.forward.Close()
	}
	return true
}

// greeting is what the handshake said, nil before it came.
func (o *output) greeting() *greeting {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.found
}

func (o *output) remember(line string) {
	if line == "" {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.dying && lastWords(line) {
		o.tail, o.dying = o.tail[:0], true
	}
	o.tail = append(append(o.tail, line...), '\n')
	switch extra := len(o.tail) - tailBytes; {
	case extra > 0 && o.dying:
		o.tail = o.tail[:tailBytes]
	case extra > 0:
		o.tail = append(o.tail[:0], o.tail[extra:]...)
	}
}

// printed is what was printed last, or the last words.
func (o *output) printed() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(o.tail), ""))
}

// eachLine reads lines until the end; of one that is too long the beginning.
func eachLine(r io.Reader, do func(string)) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, long, err := in.ReadLine()
		if err != nil {
			return
		}
		text := strings.ToValidUTF8(string(line), "\ufffd")
		if long {
			text += "…"
		}
		for long && err == nil {
			_, long, err = in.ReadLine()
		}
		if strings.TrimSpace(text) != "" {
			do(text)
		}
	}
}
