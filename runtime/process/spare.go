package process

import (
	"strconv"

	"go.uber.org/zap"
)

// prepare begins to start a spare, if there shall be one and is none.
func (p *Process) prepare() {
	if !p.opts.Spare || p.spare != nil {
		return
	}
	ready := make(chan *instance, 1)
	p.spare = ready
	go func() { // noSpare and next wait for it
		i, err := p.begin(p.ctx)
		if err != nil && p.ctx.Err() == nil {
			p.opts.Logger.Warn("the spare process cannot be started", zap.Error(err))
		}
		ready <- i
	}()
}

// next is the spare if it lives, else a process started now.
func (p *Process) next() (*instance, error) {
	if p.spare != nil {
		i := <-p.spare
		p.spare = nil
		if i != nil {
			select {
			case <-i.child.exited:
				i.end()
			default:
				return i, nil
			}
		}
	}
	return p.begin(p.ctx)
}

// noSpare ends the spare.
func (p *Process) noSpare() {
	if p.spare == nil {
		return
	}
	if i := <-p.spare; i != nil {
		i.end()
	}
	p.spare = nil
}

// pid is the process's id; 0: it was not started.
func (i *instance) pid() int {
	n, _ := strconv.Atoi(i.child.ID())
	return n
}
