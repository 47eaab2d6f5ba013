package page

import (
	"fmt"
	"testing"

	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/service"
)

// TestLive sees a window that is asked for while the list is open, and then while it is
// open itself.
func TestLive(t *testing.T) {
	t.Parallel()
	s := newPage(t, bustest.Open(t))
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".empty", "No windows yet")
	p.see("#live", "live")
	first := s.submit(oracle(t), nil).Window
	p.see(fmt.Sprintf(`[data-window="%d"]`, first), "running")
	second := s.submit(oracle(t), drill(3, 2, "oracle:signal", "status")).Window
	p.see(fmt.Sprintf(`[data-window="%d"]`, second), "running")

	watching := newTab(t, s, desktop)
	watching.open(fmt.Sprintf("/window/%d", second))
	watching.see(".verdict", "under way")

	s.serve(service.Run)
	p.see(fmt.Sprintf(`[data-window="%d"][data-state="pass"]`, first), "all 12 runs are equal to the byte")
	p.see(fmt.Sprintf(`[data-window="%d"][data-state="fail"]`, second), "oracle:signal")
	watching.see(".verdict.fail", "run 3 differs")
	watching.see("section", "First difference")
}

// TestDisconnected uses a server elsewhere, which goes away and comes back.
func TestDisconnected(t *testing.T) {
	t.Parallel()
	server := bustest.NewServer(t)
	s := newPage(t, bustest.Open(t, func(c *embedded.Config) { c.URL, c.StoreDir = server.URL(), "" }))
	m := &made{runs: 2, ticks: 3, hashed: 3, covers: 3, value: func(int, int64) canon.Value { return "1" }}
	m.write(t.Context(), t, s.bus)
	p := newTab(t, s, desktop)
	p.open("/")
	p.see(".windows", "long")
	server.Stop()
	p.see("#notice", "lost its connection to NATS")
	p.see("#live", "not connected")
	p.quiet = true // the answers 503 stand in the console
	p.open("/window/1")
	p.see(".empty", "Not connected")
	server.Start()
	p.until(`document.querySelector("#live").dataset.state === "live"`)
	p.see(".verdict", "under way") // by itself
	p.open("/window/77")
	p.see(".empty", "There is no window 77 on this server.")
	p.see(".empty details", "ERS_WINDOW")
	p.open("/nowhere")
	p.see(".empty", "There is no page at")
}
