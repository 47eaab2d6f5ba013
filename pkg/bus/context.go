package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/synadia-io/orbit.go/natscontext"

	"abraxas.dev/ers/internal/userfile"
)

// ContextScheme begins the URL that names a context of the nats CLI.
const ContextScheme = "context:"

// Settings of a context that mean nothing here.
var unused = []string{"name", "description", "color_scheme", "jetstream_event_prefix"}

// Settings of a context that are used.
var used = []string{"url", "socks_proxy", "token", "user", "password", "creds", "nkey", "cert", "key", "ca",
	"jetstream_domain", "jetstream_api_prefix", "inbox_prefix", "tls_first"}

// A natsContext is a context of the nats CLI all of whose settings can be used.
type natsContext struct {
	natscontext.Settings
	path string
}

// loadContext reads a context. Each setting is used or refused by name: what is passed
// over would lead elsewhere.
func loadContext(name string) (*natsContext, error) {
	c := new(natsContext)
	var err error
	if c.path, err = contextPath(name); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the nats CLI has no context %s: there is no %s; `nats context ls` lists them", name, c.path)
	}
	if err != nil {
		return nil, fmt.Errorf("context of the nats CLI: %w", err)
	}
	all := map[string]json.RawMessage{}
	if err = json.Unmarshal(text, &all); err == nil {
		err = json.Unmarshal(text, &c.Settings)
	}
	if err != nil {
		return nil, fmt.Errorf("context %s of the nats CLI is not a JSON document: %w", c.path, err)
	}
	for _, setting := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(used, setting) && !slices.Contains(unused, setting) && !isZero(all[setting]) {
			return nil, c.refuse(setting, "is not supported here")
		}
	}
	return c, c.check()
}

func isZero(value json.RawMessage) bool {
	return slices.Contains([]string{`""`, "null", "false", "[]", "{}", "0"}, strings.TrimSpace(string(value)))
}

func (c *natsContext) refuse(setting, reason string) error {
	return fmt.Errorf("context %s of the nats CLI: its setting %s %s", c.path, setting, reason)
}

// check refuses settings that contradict each other or that lead nowhere.
func (c *natsContext) check() error {
	if c.URL == "" {
		return c.refuse("url", "is empty: it names no server")
	}
	var who []string
	for setting, value := range map[string]string{"user": c.User, "creds": c.Creds, "nkey": c.NKey} {
		if value != "" {
			who = append(who, setting)
		}
	}
	slices.Sort(who)
	switch {
	case len(who) > 1:
		return c.refuse(who[1], "contradicts "+who[0]+": only one of them can say who we are")
	case c.Password != "" && c.User == "":
		return c.refuse("password", "has no user beside it")
	case (c.Cert == "") != (c.Key == ""):
		return c.refuse("cert", "and key go together, and one of them is empty")
	case c.JSDomain != "" && c.JSAPIPrefix != "":
		return c.refuse("jetstream_domain", "contradicts jetstream_api_prefix: only one of them can lead to JetStream")
	}
	if c.SocksProxy != "" {
		if u, err := url.Parse(c.SocksProxy); err != nil || u.Scheme != "socks5" && u.Scheme != "socks5h" || u.Port() == "" {
			return c.refuse("socks_proxy", fmt.Sprintf("is %q: want socks5://HOST:PORT", Redact(c.SocksProxy)))
		}
	}
	for _, file := range []struct{ setting, name string }{
		{"creds", os.ExpandEnv(c.Creds)}, {"nkey", c.NKey}, {"cert", c.Cert}, {"key", c.Key}, {"ca", c.CA},
	} {
		if file.name == "" {
			continue
		}
		if err := readable(home(file.name)); err != nil {
			return c.refuse(file.setting, "names a file that cannot be read: "+err.Error())
		}
	}
	return nil
}

// options are those that natscontext leaves out or gets wrong.
func (c *natsContext) options() (opts []nats.Option) {
	if c.Token != "" {
		opts = append(opts, nats.Token(c.Token)) // as it is: a ~ in front is not a folder
	}
	return opts
}

// proxyError tells why the context's proxy cannot be reached; nil when that is not
// the trouble.
func (c *natsContext) proxyError() error {
	if c.SocksProxy == "" {
		return nil
	}
	u, err := url.Parse(c.SocksProxy)
	if err != nil {
		return nil // check has refused it
	}
	conn, err := net.DialTimeout("tcp", u.Host, 2*time.Second)
	if err != nil {
		return c.refuse("socks_proxy", fmt.Sprintf("is %s, and there is no proxy: %v", Redact(c.SocksProxy), err))
	}
	conn.Close()
	return nil
}

// readable tells why a file cannot be read. Opening a pipe would wait for its writer.
func readable(name string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", name, userfile.ErrIrregular)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return f.Close()
}

func home(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok {
		if dir, err := userHome(); err == nil {
			return dir + rest
		}
	}
	return path
}

// userHome is the folder that the system has for this user, where the nats CLI looks
// whatever HOME says. A user that the system does not know has HOME alone.
func userHome() (string, error) {
	if u, err := user.Current(); err == nil && u.HomeDir != "" {
		return u.HomeDir, nil
	}
	return os.UserHomeDir()
}

// contextPath is the file of a context: of the selected one when name is empty.
func contextPath(name string) (string, error) {
	if filepath.IsAbs(name) {
		return name, nil
	}
	dir, err := ContextFolder()
	if err != nil {
		return "", err
	}
	if name == "" {
		selected, err := os.ReadFile(filepath.Join(dir, "..", "context.txt"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("selected context of the nats CLI: %w", err)
		}
		if name = strings.TrimSpace(string(selected)); name == "" {
			return "", errors.New("no context of the nats CLI is selected: select one with `nats context select NAME`, or name one, context:NAME")
		}
	}
	if strings.Contains(name, "..") || strings.ContainsAny(name, `/\`) {
		return "", fmt.Errorf("%q is not a name of a context of the nats CLI", name)
	}
	return filepath.Join(dir, name+".json"), nil
}

// ContextFolder is where the nats CLI keeps its contexts.
func ContextFolder() (string, error) {
	parent := os.Getenv("XDG_CONFIG_HOME")
	if parent == "" {
		dir, err := userHome()
		if err != nil {
			return "", fmt.Errorf("contexts of the nats CLI: %w", err)
		}
		parent = filepath.Join(dir, ".config")
	}
	return filepath.Join(parent, "nats", "context"), nil
}
