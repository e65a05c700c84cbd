package process

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// supervise watches the process and starts it again until Close.
func (p *Process) supervise(i *instance) {
	defer close(p.done)
	defer p.noSpare()
	history := restarts{timing: p.opts.Timing}
	for i != nil {
		p.prepare()
		cause := p.watch(i)
		up := time.Since(i.startedAt)
		if p.ctx.Err() != nil {
			p.finish(i)
			return
		}
		p.lost(cause, time.Time{})
		p.opts.Logger.Error(p.opts.Kind+" died", zap.Error(cause), zap.Duration("up", up))
		i = p.replace(i, &history, up, cause)
	}
	p.change(func(s *Status) { s.State, s.PID, s.Next = Closed, 0, time.Time{} })
	p.down.Store(&DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Closed})
	p.use(nil, false)
}

// finish is the end of a plugin that runs.
func (p *Process) finish(i *instance) {
	i.stop()
	p.down.Store(&DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Closed})
	p.use(nil, false)
	i.end()
	p.change(func(s *Status) { s.State, s.PID, s.Next = Closed, 0, time.Time{} })
	p.opts.Logger.Info(p.opts.Kind + " stopped")
}

// watch returns why the process is to be ended; of no meaning once Close was called.
func (p *Process) watch(i *instance) error {
	ping := time.NewTicker(p.opts.Timing.PingEvery)
	defer ping.Stop()
	for {
		select {
		case <-p.ctx.Done():
			return p.ctx.Err()
		case <-i.child.exited:
			return i.dead()
		case <-p.suspects:
			if s := i.sentence.Load(); s != nil {
				return s.cause
			}
			if err := p.look(i); err != nil {
				return err
			}
			p.use(i, false)
		case <-ping.C:
			if err := p.look(i); err != nil {
				return err
			}
		}
	}
}

// look asks the process whether it is alive, and returns why it is to be ended.
func (p *Process) look(i *instance) error {
	err := i.ping(p.ctx)
	if err == nil {
		return nil
	}
	if ended, _ := i.ended(p.ctx); ended {
		return i.dead()
	}
	return fmt.Errorf("it does not answer: %w", err)
}

// replace is restart, and the end of the process that died. Where a spare stands
// ready, nobody waits for that.
func (p *Process) replace(died *instance, history *restarts, up time.Duration, cause error) *instance {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		died.end()
	}()
	if p.spare == nil {
		<-ended
	}
	wait, again := p.judge(history, died, up, cause)
	i := p.restart(history, wait, again, cause)
	if i != nil {
		p.prepare()
	}
	<-ended
	return i
}

// judge says how long to wait before the process is started again that died; false:
// for ever.
func (p *Process) judge(history *restarts, died *instance, up time.Duration, cause error) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, fate := time.Now(), died.fate
	switch {
	case isOverdue(cause):
		return 0, true
	case p.opts.Again && fate.guilty != nil:
		if fate.inquiry != nil {
			history.forgive(fate.inquiry.counted)
		}
		return history.blamed(now, up), true
	case fate.inquiry != nil:
		fate.inquiry.counted = now
	}
	return history.died(now, up)
}

// restart starts the plugin again after a wait, as often as its history allows. It
// returns nil after Close.
func (p *Process) restart(history *restarts, wait time.Duration, again bool, cause error) *instance {
	for {
		if !again {
			p.quarantine(cause)
			return nil
		}
		if !p.pause(wait, cause) {
			return nil
		}
		i, err := p.next()
		if err == nil {
			p.change(func(s *Status) { s.Restarts++ })
			p.serve(i)
			p.opts.Logger.Info(p.opts.Kind+" started again", zap.String("pid", i.child.ID()), zap.Duration("waited", wait))
			return i
		}
		if p.ctx.Err() != nil {
			return nil
		}
		cause = err
		p.opts.Logger.Error(p.opts.Kind+" cannot be started again", zap.Error(cause))
		p.lost(cause, time.Time{})
		wait, again = history.died(time.Now(), 0)
	}
}

// pause waits; false: Close was called.
func (p *Process) pause(wait time.Duration, cause error) bool {
	if wait <= 0 {
		return p.ctx.Err() == nil
	}
	p.lost(cause, time.Now().Add(wait))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		p.lost(cause, time.Time{})
		return true
	case <-p.ctx.Done():
		return false
	}
}

// quarantine waits for Close.
func (p *Process) quarantine(cause error) {
	p.down.Store(&DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Quarantined, Cause: cause})
	p.use(nil, false)
	p.change(func(s *Status) { s.State, s.Next, s.LastError = Quarantined, time.Time{}, cause.Error() })
	p.opts.Logger.Error(p.opts.Kind+" quarantined: it died too often and is not started again until it is reloaded",
		zap.Int("deaths", p.opts.Timing.Budget), zap.Duration("within", p.opts.Timing.BudgetSpan), zap.Error(cause))
	p.noSpare()
	<-p.ctx.Done()
}

// lost says that there is no process, why, and when there is one again.
func (p *Process) lost(cause error, next time.Time) {
	p.down.Store(&DownError{Name: p.opts.Name, Kind: p.opts.Kind, State: Restarting, Next: next, Cause: cause})
	p.use(nil, next.IsZero())
	p.change(func(s *Status) { s.State, s.PID, s.Next, s.LastError = Restarting, 0, next, cause.Error() })
}

// serve lets calls reach a process.
func (p *Process) serve(i *instance) {
	pid, _ := strconv.Atoi(i.child.ID())
	p.use(i, false)
	p.change(func(s *Status) {
		s.State, s.PID, s.Next = Running, pid, time.Time{}
		s.StartedAt, s.Checksum, s.Version = i.startedAt, i.checksum, i.description.GetVersion()
	})
}

// same refuses a program that was changed meanwhile and serves less than the game's
// hooks were made for.
func (p *Process) same(i *instance) error {
	for _, point := range p.points {
		if !slices.Contains(i.points, point) {
			return fmt.Errorf("its program was changed: it no longer serves %s. Reload it", point)
		}
	}
	return nil
}
