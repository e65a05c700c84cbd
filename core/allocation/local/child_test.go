//go:build linux

package local

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// childMain is a small game server. It takes orders over HTTP on its game port:
//
//	/exit/N        exit with status N
//	/kill          die by a signal
//	/mute          send no more health
//	/ignore        ignore SIGTERM from now on
//	/deliver       post a result and exit without waiting for the answer
//	/spawn         start a child of its own, answer its pid
//	/print/TEXT    print a line
//	/env           answer its environment
//	/sidecar/PATH  pass the request on to its sidecar
func childMain(mode string) {
	fmt.Println("game server in mode", mode)
	switch mode {
	case "crash":
		fmt.Println("cannot load the map")
		os.Exit(3)
	case "never", "sleep":
		select {}
	}
	c := &child{base: "http://127.0.0.1:" + os.Getenv("AGONES_SDK_HTTP_PORT")}
	port := os.Getenv("GAMEFLOW_DEFAULT_PORT")
	tcp, err := net.Listen("tcp", ":"+port)
	if err != nil {
		c.fail(err)
	}
	if _, err := net.ListenPacket("udp", ":"+port); err != nil {
		c.fail(err)
	}
	switch mode {
	case "early shutdown":
		c.post("/shutdown")
	case "brief":
		c.post("/ready")
		c.post("/shutdown")
	case "reserve":
		c.call(http.MethodPost, "/reserve", `{"seconds":"1"}`)
	default:
		c.post("/ready")
	}
	go c.beat()
	c.fail(http.Serve(tcp, c))
}

type child struct {
	base string
	mute atomic.Bool
}

func (c *child) fail(err error) {
	fmt.Println("game server:", err)
	os.Exit(9)
}

func (c *child) beat() {
	for range time.Tick(30 * time.Millisecond) {
		if !c.mute.Load() {
			c.post("/health")
		}
	}
}

func (c *child) post(path string) { c.call(http.MethodPost, path, "{}") }

func (c *child) call(method, path, body string) (int, []byte) {
	req, err := http.NewRequest(method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.fail(err)
	}
	req.Header.Set("Authorization", "Bearer token-of-the-match")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.fail(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, answer
}

func (c *child) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	order, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch order {
	case "exit":
		status, _ := strconv.Atoi(rest)
		os.Exit(status)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "deliver":
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
		if err != nil {
			c.fail(err)
		}
		fmt.Fprintf(conn, "POST /result HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
		os.Exit(0)
	case "mute":
		c.mute.Store(true)
	case "ignore":
		signal.Ignore(syscall.SIGTERM)
	case "spawn":
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), "TEST_CHILD=sleep")
		if err := cmd.Start(); err != nil {
			c.fail(err)
		}
		go cmd.Wait()
		fmt.Fprint(w, cmd.Process.Pid)
	case "print":
		fmt.Println(rest)
	case "env":
		fmt.Fprint(w, strings.Join(os.Environ(), "\n"))
	case "sidecar":
		body, _ := io.ReadAll(r.Body)
		status, answer := c.call(r.Method, "/"+rest, string(body))
		w.WriteHeader(status)
		_, _ = io.Copy(w, bytes.NewReader(answer))
	}
}
