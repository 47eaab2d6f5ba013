package bus_test

import (
	"encoding/json"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/bustest"
)

// contextFile writes a context of the nats CLI and returns its URL.
func contextFile(t *testing.T, settings map[string]any) string {
	t.Helper()
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return bus.ContextScheme + name
}

// Each setting of a context is used, or refused by name.
func TestContextSettings(t *testing.T) {
	t.Parallel()
	token := "~token with a tilde"
	s := bustest.NewServer(t, func(o *server.Options) { o.Authorization, o.JetStreamDomain = token, "hub" })
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	nothing := free.Addr().String()
	good := map[string]any{"url": s.URL(), "token": token, "description": "used by a test", "color_scheme": "red", "nsc": "", "windows_ca_certs_match": nil}
	for name, test := range map[string]struct {
		change map[string]any
		want   string // "": it leads to the server
	}{
		"as it is":        {nil, ""},
		"domain":          {map[string]any{"jetstream_domain": "hub"}, ""},
		"API prefix":      {map[string]any{"jetstream_api_prefix": "$JS.hub.API"}, ""},
		"with a point":    {map[string]any{"jetstream_api_prefix": "$JS.hub.API."}, ""},
		"inbox prefix":    {map[string]any{"inbox_prefix": "_mine"}, ""},
		"other domain":    {map[string]any{"jetstream_domain": "none"}, "the JetStream domain none"},
		"is in":           {map[string]any{"jetstream_domain": "none"}, "is in the domain hub"},
		"other prefix":    {map[string]any{"jetstream_api_prefix": "none"}, "API under none"},
		"both":            {map[string]any{"jetstream_api_prefix": "none", "jetstream_domain": "hub"}, "jetstream_domain contradicts jetstream_api_prefix"},
		"nsc":             {map[string]any{"nsc": "nsc://o/a/u"}, "its setting nsc is not supported"},
		"user_jwt":        {map[string]any{"user_jwt": "ey"}, "its setting user_jwt is not supported"},
		"windows":         {map[string]any{"windows_cert_store": "user"}, "windows_cert_store is not supported"},
		"unknown":         {map[string]any{"from_tomorrow": "x"}, "its setting from_tomorrow is not supported"},
		"no URL":          {map[string]any{"url": ""}, "its setting url is empty"},
		"bad URL":         {map[string]any{"url": "nats://u:s3c/ret@h:1"}, "its setting url is nats://xxxxx@h:1"},
		"proxy":           {map[string]any{"socks_proxy": "127.0.0.1:1080"}, "its setting socks_proxy is"},
		"proxy is away":   {map[string]any{"socks_proxy": "socks5://u:s3cret@" + nothing}, "there is no proxy"},
		"password alone":  {map[string]any{"password": "x"}, "password has no user"},
		"user and creds":  {map[string]any{"user": "x", "creds": "y"}, "contradicts"},
		"no creds":        {map[string]any{"creds": "/none/of.creds"}, "its setting creds names a file that cannot be read: open /none/of.creds"},
		"no nkey":         {map[string]any{"nkey": "/none/of.nk"}, "its setting nkey"},
		"no ca":           {map[string]any{"ca": "/none/of.pem"}, "its setting ca"},
		"cert, no key":    {map[string]any{"cert": "/none/of.pem"}, "its setting cert"},
		"no server there": {map[string]any{"url": "nats://" + nothing}, "no NATS server at nats://" + nothing + " (context:"},
		"wrong token":     {map[string]any{"token": "~x"}, "does not let us in"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{}
			for k, v := range good {
				settings[k] = v
			}
			for k, v := range test.change {
				settings[k] = v
			}
			_, err := open(t, bus.Config{URL: contextFile(t, settings), Create: true})
			if test.want == "" && err == nil {
				return
			}
			if err == nil || test.want == "" || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "s3c") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// The nats CLI asks the system where a user is at home, and not HOME, which containers
// and sudo set to something else.
func TestContextFolderIsTheCLIs(t *testing.T) {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("HOME", t.TempDir())
	folder, err := bus.ContextFolder()
	if want := filepath.Join(u.HomeDir, ".config", "nats", "context"); err != nil || folder != want {
		t.Errorf("got %s, %v, want %s", folder, err, want)
	}
}

// The selected context, and those that are not there.
func TestContextNames(t *testing.T) {
	s := bustest.NewServer(t)
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	if _, err := open(t, bus.Config{URL: "context:"}); err == nil || !strings.Contains(err.Error(), "no context of the nats CLI is selected") {
		t.Errorf("none selected: %v", err)
	}
	folder, err := bus.ContextFolder()
	if err != nil || folder != filepath.Join(config, "nats", "context") {
		t.Fatal(folder, err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"context/good.json": `{"url":"` + s.URL() + `"}`, "context/bad.json": `{`, "context.txt": "good\n"} {
		if err := os.WriteFile(filepath.Join(config, "nats", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"": "", "good": "", "bad": "not a JSON document", "none": "has no context none", "../context/good": "is not a name"} {
		_, err := open(t, bus.Config{URL: "context:" + name, Create: true})
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("context:%s: %v, want %q", name, err, want)
		}
	}
}
