package bus_test

import (
	"strings"
	"testing"
	"time"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
)

// A stream that answers and stores nothing, as that of a server whose disk is full, is said to
// do so, and no longer when it stores again.
func TestStoresNothing(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*bus.Bus) error{
		"append": func(b *bus.Bus) error { _, err := b.Append(t.Context(), "ers.trace.p.1.0", 0, []byte("x")); return err },
		"group": func(b *bus.Bus) error {
			w := b.NewGroup().Writer("ers.trace.p.1.0", 0)
			if err := w.Append(t.Context(), []byte("x")); err != nil {
				return err
			}
			_, err := w.Flush()
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := bustest.NewProxy(t, bustest.NewServer(t).URL())
			b := bustest.Connect(t, proxy.URL())
			proxy.Meddle(bustest.Plan{Kind: "append trace", Fault: bustest.Lost, First: 1, Times: 2})
			done := make(chan error, 1)
			go func() { done <- write(b) }()
			soon(t, "a trouble", func() bool {
				list := b.Trouble()
				return len(list) == 1 && strings.Contains(list[0].String(), "write ERS_TRACE: ERS_TRACE answers, and stores nothing: ")
			})
			select {
			case err := <-done:
				if err != nil || len(b.Trouble()) != 0 {
					t.Errorf("when it stores again: %v, %v", err, b.Trouble())
				}
			case <-time.After(20 * time.Second):
				t.Error("it is not written")
			}
		})
	}
}
