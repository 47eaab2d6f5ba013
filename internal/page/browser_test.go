package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"abraxas.dev/ers/internal/process"
	"abraxas.dev/ers/pkg/program/evaluator"
)

// browser is the one Chromium of this package's tests, with a tab for each test.
var browser struct {
	start sync.Once
	ctx   context.Context
	err   error
	stop  []func()
}

func TestMain(m *testing.M) {
	evaluator.Main()
	process.Main()
	code := m.Run()
	for _, stop := range browser.stop {
		stop()
	}
	os.Exit(code)
}

func startBrowser() {
	path, err := exec.LookPath("chromium")
	if err != nil {
		browser.err = err
		return
	}
	dir, err := os.MkdirTemp("", "ers-chromium-")
	if err != nil {
		browser.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.WSURLReadTimeout(time.Minute), // on a busy machine
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	browser.ctx, browser.err = ctx, chromedp.Do(ctx)
	browser.stop = []func(){stopBrowser, stopAllocator, func() { os.RemoveAll(dir) }}
}

// tab is a tab of the browser on the page of a station. What its console says, any
// script error, and any request to another host fail the test.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string

	mu    sync.Mutex
	wrong []string
	quiet bool // what the console says is expected
}

const (
	desktop = 1280
	phone   = 360
)

func newTab(t *testing.T, s *station, width int64) *tab {
	t.Helper()
	browser.start.Do(startBrowser)
	if browser.err != nil {
		if _, err := exec.LookPath("chromium"); err != nil {
			t.Skipf("no browser: %v; apt-get install chromium", err)
		}
		t.Fatal(browser.err)
	}
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	p := &tab{t: t, ctx: ctx, url: s.url}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			p.picture(filepath.Join(os.TempDir(), "ers-view-"+t.Name()+".png"))
		}
		stop()
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.quiet {
			return
		}
		for _, text := range p.wrong {
			t.Errorf("in the browser: %s", text)
		}
	})
	call(p, log.Enable, cdp.Empty{})
	call(p, network.Enable, network.EnableParams{})
	p.run(chromedp.EmulateViewport(width, 900, chromedp.EmulateScale(1)))
	return p
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.wrong = append(p.wrong, fmt.Sprintf("%s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			for _, arg := range e.Args {
				p.wrong = append(p.wrong, fmt.Sprintf("console: %s %s", arg.Value, arg.Description))
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" {
			p.wrong = append(p.wrong, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; !strings.HasPrefix(url, p.url+"/") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "file:") {
			p.wrong = append(p.wrong, "a request to another host: "+url)
		}
	}
}

func (p *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// open goes to a view.
func (p *tab) open(path string) {
	p.t.Helper()
	p.goTo(p.url + "/#" + path)
}

func (p *tab) goTo(url string) {
	p.t.Helper()
	p.run(chromedp.Navigate(url))
}

// see waits until an element that matches has the text in it.
func (p *tab) see(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))`, selector, text))
}

// until waits until a JavaScript expression is true.
func (p *tab) until(expression string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool]("(() => { try { return Boolean("+expression+"); } catch { return false; } })()", chromedp.WithPollingTimeout(20*time.Second), chromedp.WithPollingInterval(20*time.Millisecond)))
	if err != nil {
		text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 3000)`))
		p.t.Fatalf("waiting for %s: %v; the page:\n%s", expression, err, text)
	}
}

// eval returns what a JavaScript expression comes to.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// call sends a command to the browser.
func call[P, R any](p *tab, command cdp.Command[P, R], parameters P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, command, parameters); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.run(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

func (p *tab) keys(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.run(chromedp.KeyEvent(k))
	}
}

func (p *tab) dark(dark bool) {
	p.t.Helper()
	value := "light"
	if dark {
		value = "dark"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}})
}

// gridDrawn waits until a grid shows its cells.
func (p *tab) gridDrawn() {
	p.t.Helper()
	p.until(`document.querySelector('[role="grid"]')?.getAttribute("aria-busy") === "false" && document.querySelector('[role="grid"] canvas').width > 300`)
}

// picture writes what the whole page looks like.
func (p *tab) picture(path string) {
	p.t.Helper()
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Logf("no picture: %v", err)
		return
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Error(err)
	}
	p.t.Logf("picture: %s", path)
}
