package cli

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"abraxas.dev/ers/internal/bench"
	"abraxas.dev/ers/internal/page"
	"abraxas.dev/ers/internal/testsize"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
	"abraxas.dev/ers/pkg/service/feed"
	"abraxas.dev/ers/pkg/service/gate"
	"abraxas.dev/ers/pkg/service/hasher"
)

var manyWindows = flag.Int("windows", 0, "small windows that TestManyWindows fills the streams with; 0: some hundred, or more where everything is tested")

// TestManyWindows looks at windows, and starts services again, with few and with many windows
// in the streams. What is asked of the server must not depend on how many there are, and
// neither must what comes back, but where it is about many windows. How long it takes says
// `ers bench --many`.
func TestManyWindows(t *testing.T) {
	if testing.Short() {
		t.Skip("runs hundreds of windows")
	}
	windows := *manyWindows
	if windows == 0 {
		windows = 400
		if testsize.Whole() {
			windows = 2000
		}
	}
	s := bustest.NewServer(t)
	few := windows / 10
	fill(t, s, few)
	before := traffics(t, s)
	fill(t, s, windows-few)
	for name, after := range traffics(t, s) {
		few := before[name]
		t.Logf("%-40s %d to the server, %d from it; with a tenth of the windows %d, %d", name, after.asked, after.got, few.asked, few.got)
		// Beside what is asked for, followers look now and then whether there is more.
		if after.asked > 2*few.asked+mostAsked[name]+100 {
			t.Errorf("%s: %d messages to the server, and %d with a tenth of the windows", name, after.asked, few.asked)
		}
		if after.got > 2*few.got+mostAsked[name]+200 && !after.many {
			t.Errorf("%s: %d messages from the server, and %d with a tenth of the windows", name, after.got, few.got)
		}
	}
}

// mostAsked is what may be asked at most, where that depends on chance. A hasher reads again
// what its last digests were the first to say.
var mostAsked = map[string]int64{restartOfAll: 1000}

const restartOfAll = "restart of all, and a window"

// traffic is how many messages something takes.
type traffic struct {
	asked, got int64
	many       bool // it is about many windows
}

// traffics counts the messages of all that must stay quick.
func traffics(t *testing.T, s *bustest.Server) map[string]traffic {
	t.Helper()
	fill(t, s, 1) // the last window passes
	all := make(map[string]traffic)
	count := func(name string, many bool, do func()) {
		t.Helper()
		asked, got := s.Messages()
		do()
		asked2, got2 := s.Messages()
		all[name] = traffic{asked2 - asked, got2 - got, many}
	}
	for _, c := range []struct {
		many bool
		args []string
	}{
		{false, []string{"list"}},
		{false, []string{"list", "--json"}},
		{true, []string{"list", "--pipeline", bench.SmallPipeline(0)}},
		{true, []string{"list", "--outcome", "fail"}},
		{true, []string{"list", "--last", "0", "--json"}},
		{false, []string{"show"}},
	} {
		count("ers "+strings.Join(c.args, " "), c.many, func() { quietly(t, append(c.args, "--nats", s.URL())...) })
	}
	count("the page and a search", true, func() { lookAtPage(t, s.URL()) })
	count("restart of the hasher", false, func() { restart(t, s.URL(), "hasher") })
	count("restart of the gate", false, func() { restart(t, s.URL(), "gate") })
	count(restartOfAll, false, func() { fill(t, s, 1) })
	return all
}

// fill adds small windows.
func fill(t *testing.T, s *bustest.Server, windows int) {
	t.Helper()
	b := connect(t, s.URL())
	if err := bench.FillSmall(t.Context(), b, windows); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, url string) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{URL: url, Create: true, Log: bustest.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// quietly runs a command in this process.
func quietly(t *testing.T, args ...string) {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if code := parse(new(commands), args, &streams{in: null, out: io.Discard, err: null}, kong.Description(description)); code != exitPass {
		t.Errorf("ers %q: exit code %d", args, code)
	}
}

// restart starts a service until it stands where it stood.
func restart(t *testing.T, url, service string) {
	t.Helper()
	b := connect(t, url)
	ctx, stop := context.WithCancel(t.Context())
	// It says where it begins once it has looked at the streams.
	log := zerolog.New(writerFunc(func([]byte) { stop() })).Level(zerolog.InfoLevel)
	run := hasher.New(hasher.Config{Bus: b, Log: log}).Run
	if service == "gate" {
		g, f := gate.New(gate.Config{Bus: b, Log: log}), feed.New(feed.Config{Bus: b})
		run = func(ctx context.Context) error { return f.Beside(ctx, g.Run) }
	}
	if err := run(ctx); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}

// lookAtPage starts the page, waits until it knows its list, and searches.
func lookAtPage(t *testing.T, url string) {
	t.Helper()
	b := connect(t, url)
	l, err := page.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- page.New(page.Config{Bus: b, Address: l.Addr().String()}).Run(ctx, l) }()
	at := page.URL(l, "")
	for ready := false; !ready; {
		var a struct {
			Ready bool `json:"ready"`
		}
		askPage(t, at+"/api/windows", &a)
		ready = a.Ready
	}
	var found struct {
		Tasks []json.RawMessage `json:"tasks"`
	}
	if askPage(t, at+"/api/search?q=task", &found); len(found.Tasks) == 0 {
		t.Error("the page finds no task")
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

func askPage(t *testing.T, url string, answer any) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}
