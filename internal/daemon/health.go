package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"abraxas.dev/ers/pkg/bus"
)

// HealthSubject with the name of a service answers requests with its [Health], as JSON.
const HealthSubject = "ers.health."

// Health is how a service is.
type Health struct {
	Schema  string    `json:"schema"`
	OK      bool      `json:"ok"`
	Host    string    `json:"host"`              // where it runs
	Trouble []Trouble `json:"trouble,omitempty"` // what it tries without success
}

// HealthSchema is the version of [Health].
const HealthSchema = "ers.health.v1"

// Trouble is one thing that a service tries without success.
type Trouble struct {
	What    string `json:"what"`
	Error   string `json:"error"`
	Seconds int64  `json:"seconds"` // for so long
}

// passing is how long something may not work before a service is unwell.
const passing = 3 * time.Second

// HealthOf tells how a service is that works on a bus.
func HealthOf(b *bus.Bus) Health {
	host, _ := os.Hostname()
	h := Health{Schema: HealthSchema, OK: true, Host: host}
	for _, t := range b.Trouble() {
		lasted := time.Since(t.Since)
		h.OK = h.OK && lasted < passing
		h.Trouble = append(h.Trouble, Trouble{t.What, t.Err.Error(), int64(lasted / time.Second)})
	}
	return h
}

// Show shows a service on the server that its bus is on, with its counters when it has
// some. stop takes it back.
func Show(b *bus.Bus, name, about string, stats func() map[string]int64) (stop func() error, err error) {
	config := micro.Config{Name: name, Version: Version, Description: about}
	if stats != nil {
		config.StatsHandler = func(*micro.Endpoint) any { return stats() }
		config.Endpoint = &micro.EndpointConfig{
			Subject: StatsSubject + name,
			Handler: micro.HandlerFunc(func(r micro.Request) { _ = r.RespondJSON(stats()) }),
		}
	}
	shown, err := micro.AddService(b.Conn(), config)
	if err == nil {
		// All of one name answer, so that who asks can tell them apart.
		err = shown.AddEndpoint("health", micro.HandlerFunc(func(r micro.Request) { _ = r.RespondJSON(HealthOf(b)) }),
			micro.WithEndpointSubject(HealthSubject+name), micro.WithEndpointQueueGroupDisabled())
	}
	if err != nil {
		return nil, fmt.Errorf("show this service on the server: %w", err)
	}
	return shown.Stop, nil
}

const (
	healthWait = 2 * time.Second        // for a first answer
	othersWait = 200 * time.Millisecond // for that of the service on this host
)

// health asks the server for a service of this name: the one on this host if there is
// one. It returns the exit code.
func health(ctx context.Context, name string, flags *Flags) int {
	if flags.NATS == "" {
		flags.NATS = "nats://" + flags.Listen
	}
	h, err := ask(ctx, name, flags.connection(name))
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "%s: no answer on %s: %s\n", name, bus.RedactURL(flags.NATS), bus.Redact(err.Error()))
		return 1
	case h.OK:
		return 0
	}
	for _, t := range h.Trouble {
		fmt.Fprintf(os.Stderr, "%s: for %d s: %s: %s\n", name, t.Seconds, t.What, t.Error)
	}
	return 1
}

// All asks all services of a name how they are, and returns what they say within a moment of
// the first. The error says why there is nothing.
func All(ctx context.Context, b *bus.Bus, name string) (all []Health, err error) {
	for m, err := range answers(ctx, b, name) {
		if err != nil && len(all) == 0 {
			return nil, err
		}
		if err != nil {
			break
		}
		if h, err := readHealth(m.Data); err == nil {
			all = append(all, *h)
		}
	}
	return all, nil
}

func ask(ctx context.Context, name string, c bus.Config) (first *Health, err error) {
	b, err := bus.Dial(c)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	host, _ := os.Hostname()
	for m, err := range answers(ctx, b, name) {
		if err != nil && first != nil {
			return first, nil
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no service of this name answers within %v", healthWait)
			for _, t := range b.Trouble() {
				err = errors.New(t.String())
			}
		}
		if err != nil {
			return nil, err
		}
		h, err := readHealth(m.Data)
		if err != nil {
			return nil, err
		}
		if h.Host == host {
			return h, nil
		}
		if first == nil {
			first = h
		}
	}
	return first, nil
}

func answers(ctx context.Context, b *bus.Bus, name string) iter.Seq2[*nats.Msg, error] {
	return b.AskAll(ctx, HealthSubject+name, healthWait, othersWait)
}

func readHealth(data []byte) (*Health, error) {
	h := new(Health)
	if err := json.Unmarshal(data, h); err != nil || h.Schema != HealthSchema {
		return nil, fmt.Errorf("the answer is not a document of %s: %.80q", HealthSchema, data)
	}
	return h, nil
}
