package local

import (
	"fmt"
	"os"
	"os/exec"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

// launch takes ports, opens the sidecar and starts the process. What it took is
// given back by cleanUp, however far it came.
func (s *server) launch() error {
	o := s.fleet.opts
	var err error
	if s.ports, err = o.Book.take(o.Ports, len(o.PortNames)); err != nil {
		return err
	}
	s.answer = allocation.Server{
		Name: o.Game + "-" + s.id, Address: o.Address, Port: s.ports[o.mainPort()], Region: o.Region,
	}
	s.object = newGameServer(s.answer, s.id, o, s.ports)
	if s.sidecar, err = openSidecar(s.object, s.passResult, s.log); err != nil {
		return fmt.Errorf("sidecar: %w", err)
	}
	if !s.warm {
		payload, err := s.payload()
		if err != nil {
			return err
		}
		s.object.setPayload(payload)
	}
	if s.output, err = s.fleet.openOutput(s.id); err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	s.sidecar.serve()
	return s.startProcess(o)
}

// payload is what the server is told of its match.
func (s *server) payload() (string, error) {
	s.mu.Lock()
	build := s.request.Payload
	s.mu.Unlock()
	payload, err := build(fmt.Sprintf("http://127.0.0.1:%d/result", s.sidecar.port))
	if err != nil {
		return "", fmt.Errorf("payload: %w", err)
	}
	return string(payload), nil
}

// startProcess forks. The process counts as started when its record is written.
func (s *server) startProcess(o Options) error {
	cmd := exec.Command(s.fleet.program, o.Command[1:]...)
	cmd.Args[0] = o.Command[0]
	cmd.Dir = o.Dir
	cmd.Env = o.environment(s.ports, s.sidecar.port)
	cmd.SysProcAttr = attributes()
	w, err := s.output.pipe()
	if err != nil {
		return fmt.Errorf("log pipe: %w", err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	s.object.set(stateStarting)
	proc, err := s.fleet.starter.start(cmd)
	w.Close()
	if err != nil {
		return crash{fmt.Errorf("start: %w", err)}
	}
	s.proc = proc
	if err := s.fleet.records.write(s.record(false)); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if o.Bound != nil {
		if err := o.Bound(proc.pid); err != nil {
			return fmt.Errorf("memory limit: %w", err)
		}
	}
	return nil
}

// cleanUp gives back what launch took. The process is gone.
func (s *server) cleanUp() {
	if s.sidecar != nil {
		s.sidecar.close()
	}
	if s.output != nil {
		s.output.close()
	}
	s.fleet.opts.Book.give(s.ports)
}

// openOutput opens a server's log file, and drops the oldest of the others.
func (f *Fleet) openOutput(id string) (*output, error) {
	if f.opts.LogDir == "" {
		return newOutput("")
	}
	if err := pruneLogs(f.logDir(), keptLogs, keptWarm, f.has); err != nil {
		f.log.Warn("cannot prune log files", zap.Error(err))
	}
	if err := os.MkdirAll(f.logDir(), 0o700); err != nil {
		return nil, err
	}
	return newOutput(f.logPath(id))
}
