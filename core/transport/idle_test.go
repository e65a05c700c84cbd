package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// idleEnv makes this test binary a process that opens sockets: "address count".
const idleEnv = "MUSTER_IDLE_CLIENTS"

// runIdleClients opens sockets, waits for each to be welcomed, says "open", and
// keeps them until its input ends.
func runIdleClients(spec string) error {
	address, number, _ := strings.Cut(spec, " ")
	count, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	conns := make(chan net.Conn, count)
	errs := make(chan error, 8)
	for w := range 8 {
		go func() {
			for i := w; i < count; i += 8 {
				conn, err := openIdle(address, token(fmt.Sprint("p", i)))
				if err != nil {
					errs <- err
					return
				}
				conns <- conn
			}
			errs <- nil
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			return err
		}
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	for range count {
		_ = (<-conns).Close()
	}
	return err
}

func openIdle(address, token string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "GET /_ws?v=2&token=%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", token)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("status %s", resp.Status)
	}
	_, err = in.ReadByte() // the welcome
	return conn, err
}

// memory is what the process uses, in bytes, after garbage is gone: Go's heap and
// stacks, and what the system counts as resident (0 where that is not known).
func memoryNow() (heap, resident int64) {
	// Stacks shrink by half at each collection.
	for range 4 {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(statm)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			resident = pages * int64(os.Getpagesize())
		}
	}
	return int64(m.HeapAlloc + m.StackInuse), resident
}

// BenchmarkIdleSocketMemory opens 10,000 signed-in sockets from another process
// and reports what each costs this one while nothing happens: B/socket is Go's
// heap and stacks, rss-B/socket what the system counts.
func BenchmarkIdleSocketMemory(b *testing.B) {
	const sockets = 10000
	for b.Loop() {
		n := start(b, func(s *setup) { s.Limits.Disabled, s.Logger = true, nil })
		heap, resident := memoryNow()
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", idleEnv, n.http.Listener.Addr(), sockets))
		child.Stderr = os.Stderr
		in, err := child.StdinPipe()
		n.must(err)
		out, err := child.StdoutPipe()
		n.must(err)
		n.must(child.Start())
		line, _ := bufio.NewReader(out).ReadString('\n')
		if line != "open\n" {
			_ = in.Close()
			b.Fatalf("the clients said %q: %v", line, child.Wait())
		}
		heapOpen, residentOpen := memoryNow()
		b.ReportMetric(float64(heapOpen-heap)/sockets, "B/socket")
		if resident > 0 {
			b.ReportMetric(float64(residentOpen-resident)/sockets, "rss-B/socket")
		}
		n.must(in.Close())
		n.must(child.Wait())
		n.untilCount(0)
	}
}
