package faults

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/scheduler"
	"abraxas.dev/ers/pkg/service/coordinator"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
	"abraxas.dev/ers/pkg/vary"
)

// services are those that run, besides the submitter.
var services = map[string]func(*bus.Bus, zerolog.Logger) func(context.Context) error{
	"coordinator": func(b *bus.Bus, log zerolog.Logger) func(context.Context) error {
		return coordinator.New(coordinator.Config{Bus: b, Log: log, Turns: 1, Load: func(ctx context.Context, r *events.WindowRequest) (coordinator.Program, error) {
			return load(ctx, b, r)
		}}).Run
	},
	"hasher": func(b *bus.Bus, log zerolog.Logger) func(context.Context) error {
		return hasher.New(hasher.Config{Bus: b, Log: log}).Run
	},
	"gate": func(b *bus.Bus, log zerolog.Logger) func(context.Context) error {
		return gate.New(gate.Config{Bus: b, Log: log}).Run
	},
	"feed": func(b *bus.Bus, log zerolog.Logger) func(context.Context) error {
		return feed.New(feed.Config{Bus: b, Log: log}).Run
	},
}

// load reads the objects of a window, as every coordinator does, and returns tasks in Go.
func load(ctx context.Context, b *bus.Bus, r *events.WindowRequest) (coordinator.Program, error) {
	for _, sha := range []string{r.DefinitionSHA256, r.ContextsSHA256} {
		if _, err := b.GetObject(ctx, sha); err != nil {
			return nil, err
		}
	}
	return tasks{}, nil
}

// tasks is a program whose runs are equal.
type tasks struct{}

func (tasks) Context(int64) canon.Value { return canon.Null }

func (tasks) NewRun(vary.Run) (coordinator.Run, error) {
	s := scheduler.New()
	for i := range 3 {
		err := s.Add(scheduler.Task{Name: fmt.Sprint("task ", i), Lane: events.Lane(i / 2), Run: func(_ context.Context, in *scheduler.Input) (any, error) {
			return map[string]any{"tick": in.Tick(), "i": i, "half": 0.5}, nil
		}})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// A keeper keeps one service alive, as a supervisor does: what ends is started again.
type keeper struct {
	t     *testing.T
	name  string
	url   string // of the server
	stop  context.CancelFunc
	ended sync.WaitGroup

	mu      sync.Mutex
	proxies []*bustest.Proxy
}

// keep starts a service whose packets meet a plan.
func keep(t *testing.T, name, url string, plan bustest.Plan) *keeper {
	ctx, stop := context.WithCancel(context.Background())
	k := &keeper{t: t, name: name, url: url, stop: stop}
	proxy := k.proxy(plan)
	k.ended.Go(func() {
		for ctx.Err() == nil {
			k.life(ctx, proxy)
			select {
			case <-proxy.Crashed():
				proxy = k.proxy(bustest.Plan{})
			default:
			}
		}
	})
	return k
}

func (k *keeper) proxy(plan bustest.Plan) *bustest.Proxy {
	p := bustest.NewProxy(k.t, k.url)
	p.Meddle(plan)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.proxies = append(k.proxies, p)
	return p
}

// life is one life of the service: it ends with ctx, of itself, or when it crashes, and
// then without a word to the server.
func (k *keeper) life(ctx context.Context, proxy *bustest.Proxy) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	k.ended.Go(func() {
		select {
		case <-proxy.Crashed():
			end()
		case <-ctx.Done():
		}
	})
	b, err := bus.Open(ctx, bus.Config{URL: proxy.URL(), Name: k.name})
	if err == nil {
		err = services[k.name](b, zerolog.Nop())(ctx)
		_ = b.Close()
	}
	if err != nil && ctx.Err() == nil {
		select {
		case <-time.After(100 * time.Millisecond): // it is started again by somebody who is patient
		case <-ctx.Done():
		}
	}
}

// end ends the service and waits until it has.
func (k *keeper) end() {
	k.stop()
	k.ended.Wait()
}

// met tells how many packets have met the fault, and acked is what the server has
// acknowledged to all lives of the service.
func (k *keeper) met() (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.proxies {
		n += p.Met()
	}
	return n
}

func (k *keeper) acked() (list []bustest.Acked) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.proxies {
		list = append(list, p.Acked()...)
	}
	return list
}

// counts is what the first life has said.
func (k *keeper) counts() map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.proxies[0].Counts()
}
