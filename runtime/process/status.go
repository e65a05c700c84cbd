package process

import "time"

// State says what a plugin does.
type State string

// The states of a plugin.
const (
	Starting    State = "starting"
	Running     State = "running"
	Restarting  State = "restarting"
	Quarantined State = "quarantined"
	Closed      State = "closed"
)

// Status is how a plugin is.
type Status struct {
	// Name is the plugin's in the config, Version what it says of itself.
	Name, Version string
	State         State
	// PID is the process's; 0: there is none.
	PID int
	// Checksum is the sha256 of the program that runs, or ran last.
	Checksum string
	// StartedAt is when the process was started, or the last one.
	StartedAt time.Time
	// Restarts is how often it was started again.
	Restarts int
	// LastError is why it died last; empty: it never did.
	LastError string
	// Next is when it is started again; zero: at once, or never.
	Next time.Time
}

// Status returns how the plugin is now.
func (p *Process) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// change sets the status and tells whoever listens, in order.
func (p *Process) change(set func(*Status)) {
	p.telling.Lock()
	defer p.telling.Unlock()
	p.mu.Lock()
	set(&p.status)
	now := p.status
	p.mu.Unlock()
	if p.opts.Changed != nil {
		p.opts.Changed(now)
	}
}
