// Package audit checks that a system of brokers and nodes delivers every event. It
// publishes numbered events, records which of them RabbitMQ confirmed, runs clients
// that reconnect and resume, and compares what the clients received with what was
// confirmed.
package audit

import (
	"context"
	"errors"
	"sync"
)

// Run performs one audit and returns its report. It connects all clients,
// publishes for cfg.Duration or until ctx is done, waits for the last deliveries,
// and compares. It returns an error if the run could not begin. Everything that
// it started has ended when it returns.
func Run(ctx context.Context, cfg Config) (Report, error) {
	cfg = cfg.withDefaults()
	if len(cfg.Nodes) == 0 {
		return Report{}, errors.New("nodes: must name at least one node")
	}
	r := newRun(cfg)
	starting, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	r.fail = fail
	pub, err := cfg.Connect(ctx)
	if err != nil {
		return Report{}, err
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var clients sync.WaitGroup
	for _, c := range r.clients {
		clients.Go(func() { c.run(work) })
	}
	err = r.awaitClients(starting)
	if err == nil {
		cfg.Started()
		err = r.publish(ctx, work, pub)
	} else {
		pub.Close()
	}
	stop()
	clients.Wait()
	if err != nil {
		return Report{}, err
	}
	compare(r.workload, r.sent, r.transcripts, r.findings)
	return r.report(), nil
}
