package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"time"

	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/page"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
)

// many measures how the cost of looking, and of starting again, depends on how many small
// windows there are in the streams.
func (m *measurement) many(ctx context.Context) error {
	s := Setting{EventsPerTick: int(smallTasks), Sync: SyncInterval, Processes: OwnProcesses}
	return withDir(func(dir string) error {
		total := 0
		for _, goal := range m.manyTo {
			m.Progress(fmt.Sprintf("grow to %d small windows, %s", goal, s))
			row, err := m.manyOnce(ctx, s, dir, goal-total)
			if err != nil {
				return fmt.Errorf("%d windows: %w", goal, err)
			}
			row.Windows, total = goal, goal
			m.report.Many = append(m.report.Many, row)
		}
		return nil
	})
}

// manyOnce adds windows and measures.
func (m *measurement) manyOnce(ctx context.Context, s Setting, dir string, more int) (row Many, err error) {
	row.Setting = s
	start := time.Now()
	if err := fillStore(ctx, dir, more); err != nil {
		return row, err
	}
	row.FillPerSecond = float64(more) / time.Since(start).Seconds()
	start = time.Now()
	err = m.withFleet(ctx, s, dir, func(f *fleet) error {
		row.ServerRestart = time.Since(start).Seconds()
		if err := f.start(pipelineRoles...); err != nil {
			return err
		}
		if _, err := f.judge(smallOne); err != nil {
			return err
		}
		row.FullRestart = time.Since(start).Seconds()
		url := f.bus.URL()
		return withPage(ctx, url, func(page string) error {
			search := wait{WaitSearch, func() error { return get(ctx, page+"/api/search?q=task", new(struct{})) }}
			if err := listed(ctx, page, true); err != nil {
				return err
			}
			row.Waits, err = m.times(ctx, append(append(f.restarts(), m.looks(ctx, url)...), search))
			return err
		})
	})
	return row, err
}

// fillStore adds small windows to the store in dir.
func fillStore(ctx context.Context, dir string, windows int) error {
	b, err := embedded.Open(ctx, embedded.Config{StoreDir: dir, Config: bus.Config{Name: "ers bench"}})
	if err != nil {
		return err
	}
	return errors.Join(FillSmall(ctx, b, windows), b.Close())
}

// restarts are starts of each service, until a window that is asked for at once is judged.
func (f *fleet) restarts() (all []wait) {
	for _, role := range pipelineRoles {
		all = append(all, wait{waitRestart + string(role), func() error {
			if err := f.stopRoles(role); err != nil {
				return err
			}
			if err := f.start(role); err != nil {
				return err
			}
			_, err := f.judge(smallOne)
			return err
		}})
	}
	return all
}

// looks are what people do who want to see windows: a command each, and the page.
func (m *measurement) looks(ctx context.Context, url string) (all []wait) {
	for _, look := range []struct {
		name string
		args []string
	}{
		{WaitList, []string{"list"}},
		{WaitListPipeline, []string{"list", "--pipeline", SmallPipeline(0)}},
		{WaitListFails, []string{"list", "--outcome", "fail"}},
		{WaitListJSON, []string{"list", "--json"}},
		{WaitShow, []string{"show"}},
	} {
		all = append(all, wait{look.name, func() error {
			return runQuietly(m.Ers(ctx, append(look.args, "--nats", url)...))
		}})
	}
	page := func(all bool) func() error {
		return func() error {
			return withPage(ctx, url, func(page string) error { return listed(ctx, page, all) })
		}
	}
	return append(all, wait{WaitPage, page(false)}, wait{WaitPageAll, page(true)})
}

func runQuietly(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, said.Bytes())
	}
	return nil
}

// withPage serves the page while do looks at it.
func withPage(ctx context.Context, url string, do func(page string) error) error {
	b, err := bus.Open(ctx, bus.Config{URL: url, Name: "ers bench page", ReadOnly: true})
	if err != nil {
		return err
	}
	l, err := page.Listen("127.0.0.1:0")
	if err != nil {
		return errors.Join(err, b.Close())
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		served <- page.New(page.Config{Bus: b, Log: zerolog.Nop(), Address: l.Addr().String()}).Run(serving, l)
	}()
	err = do(page.URL(l, ""))
	stop()
	return errors.Join(err, <-served, b.Close())
}

// listed waits until the page lists its first windows, or all that it lists.
func listed(ctx context.Context, page string, all bool) error {
	for {
		var a struct {
			Ready   bool              `json:"ready"`
			Windows []json.RawMessage `json:"windows"`
		}
		if err := get(ctx, page+"/api/windows", &a); err != nil {
			return err
		}
		if a.Ready || !all && len(a.Windows) == firstListed {
			return nil
		}
		time.Sleep(pageLook)
	}
}

const (
	firstListed = 50 // windows that the page asks for at first
	pageLook    = 2 * time.Millisecond
)

// get asks the page.
func get(ctx context.Context, url string, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", url, response.Status, data)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(data, answer)
}
