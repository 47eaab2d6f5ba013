package docs

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"
	"github.com/nats-io/nats-server/v2/server"

	"abraxas.dev/ers/internal/daemon"
)

// compose is what the tests look at in docker-compose.yml.
type compose struct {
	Services map[string]container `yaml:"services"`
	Configs  map[string]struct {
		Content string `yaml:"content"`
	} `yaml:"configs"`
	Volumes map[string]any `yaml:"volumes"`
}

type container struct {
	Build       string            `yaml:"build"`
	Image       string            `yaml:"image"`
	PullPolicy  string            `yaml:"pull_policy"`
	Entrypoint  []string          `yaml:"entrypoint"`
	Command     []string          `yaml:"command"`
	Profiles    []string          `yaml:"profiles"`
	Environment map[string]string `yaml:"environment"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Restart     string   `yaml:"restart"`
	ReadOnly    bool     `yaml:"read_only"`
	Privileged  bool     `yaml:"privileged"`
	User        string   `yaml:"user"`
	CapAdd      []string `yaml:"cap_add"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	Volumes     []string `yaml:"volumes"`
	Ports       []string `yaml:"ports"`
	Configs     []struct {
		Source string `yaml:"source"`
		Target string `yaml:"target"`
	} `yaml:"configs"`
	HealthCheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

func readCompose(t *testing.T) *compose {
	t.Helper()
	c := new(compose)
	// A key beside << that overrides a merged one is a duplicate to this package alone.
	d := yaml.NewDecoder(strings.NewReader(readFile(t, "docker-compose.yml")), yaml.AllowDuplicateMapKey())
	if err := d.Decode(c); err != nil {
		t.Fatal(yaml.FormatError(err, false, true))
	}
	return c
}

// serverOptions reads the inline configuration of the server as the server does.
func serverOptions(t *testing.T, c *compose) *server.Options {
	t.Helper()
	nats := c.Services["nats"]
	if len(nats.Configs) != 1 || !slices.Contains(nats.Command, nats.Configs[0].Target) {
		t.Fatalf("the server is not started with its configuration: %v, %v", nats.Command, nats.Configs)
	}
	name := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(name, []byte(c.Configs[nats.Configs[0].Source].Content), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func TestComposeServices(t *testing.T) {
	c := readCompose(t)
	options := serverOptions(t, c)
	for name, s := range c.Services {
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || s.Privileged || s.CapAdd != nil || s.User != "" {
			t.Errorf("%s has privileges", name)
		}
		if name == "nats" {
			continue
		}
		at, err := url.Parse(s.Environment["NATS_URL"])
		if err != nil || at.Scheme != "nats" || at.Hostname() != "nats" || at.Port() != strconv.Itoa(options.Port) {
			t.Errorf("%s looks for the server at %s (%v)", name, at, err)
		}
		if build := s.Build == "."; s.Image != "ers" || build != (name == "coordinator") || s.PullPolicy != "never" || s.DependsOn["nats"].Condition != "service_healthy" || !s.ReadOnly {
			t.Errorf("%s: built from %q, image %q, which is to be built once, waits for %v, read-only %t", name, s.Build, s.Image, s.DependsOn, s.ReadOnly)
		}
	}
	tool := c.Services["ers"]
	if !slices.Equal(tool.Entrypoint, []string{"ers"}) || !slices.Equal(tool.Profiles, []string{"tools"}) || tool.Restart != "no" {
		t.Errorf("the tool: %+v", tool)
	}
	file := regexp.MustCompile(`run --rm ers submit -f (\S+)`).FindStringSubmatch(readFile(t, "docker-compose.yml"))
	if _, err := os.Stat(filepath.Join(root, file[1])); err != nil {
		t.Errorf("the example at the top: %v", err)
	}
	if len(c.Services) != 5 {
		t.Errorf("%d services: want nats, coordinator, hasher, gate and ers", len(c.Services))
	}
}

// The commands are those of cmd, and take the flags of their health checks and the
// address of the server from the environment.
func TestComposeCommands(t *testing.T) {
	c := readCompose(t)
	for _, name := range []string{"coordinator", "hasher", "gate"} {
		s, command := c.Services[name], "ers-"+name
		if _, err := os.Stat(filepath.Join(root, "cmd", command, "main.go")); err != nil {
			t.Error(err)
		}
		if !slices.Equal(s.Command, []string{command, "--create-streams"}) || s.Entrypoint != nil || s.Restart != "unless-stopped" || s.Profiles != nil {
			t.Errorf("%s: %+v", name, s)
		}
		test := s.HealthCheck.Test
		if len(test) < 2 || test[0] != "CMD" || test[1] != command {
			t.Fatalf("health check of %s: %v", name, test)
		}
		t.Setenv("NATS_URL", s.Environment["NATS_URL"])
		var flags daemon.Flags
		parser, err := kong.New(&flags)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(s.Command[1:]); err != nil || !flags.CreateStreams {
			t.Errorf("%v: %v, flags %+v", s.Command, err, flags)
		}
		if _, err := parser.Parse(test[2:]); err != nil || !flags.Health || flags.NATS != s.Environment["NATS_URL"] {
			t.Errorf("health check of %s: %v, flags %+v", name, err, flags)
		}
	}
}

func TestComposeServer(t *testing.T) {
	c := readCompose(t)
	nats, options := c.Services["nats"], serverOptions(t, c)
	if want := "nats:" + server.VERSION + "-alpine"; nats.Image != want {
		t.Errorf("image %s: want %s, the version that the tests run on", nats.Image, want)
	}
	if nats.ReadOnly {
		t.Error("Compose cannot put an inline configuration into a read-only container")
	}
	if !options.JetStream || !options.SyncAlways {
		t.Errorf("JetStream %t, synced before each acknowledgement %t", options.JetStream, options.SyncAlways)
	}
	volume, mount, _ := strings.Cut(nats.Volumes[0], ":")
	if _, named := c.Volumes[volume]; !named || len(nats.Volumes) != 1 || mount != options.StoreDir {
		t.Errorf("the streams are in %s, the volumes %v", options.StoreDir, nats.Volumes)
	}
	port := strconv.Itoa(options.Port)
	if !slices.Equal(nats.Ports, []string{"127.0.0.1:" + port + ":" + port}) || nats.Restart != "unless-stopped" {
		t.Errorf("ports %v, restart %s", nats.Ports, nats.Restart)
	}
	checkHealthURL(t, options, nats.HealthCheck.Test)
}

// checkHealthURL asks a server with this configuration, but for its ports and folder,
// for the health check's page.
func checkHealthURL(t *testing.T, options *server.Options, test []string) {
	t.Helper()
	page, err := url.Parse(test[len(test)-1])
	if err != nil || page.RequestURI() != "/healthz?js-enabled-only=true" || page.Hostname() != "127.0.0.1" || page.Port() != strconv.Itoa(options.HTTPPort) || test[0] != "CMD" || test[1] != "wget" {
		t.Fatalf("health check of the server: %v (%v)", test, err)
	}
	options.StoreDir, options.Host, options.HTTPHost = t.TempDir(), "127.0.0.1", "127.0.0.1"
	options.Port, options.HTTPPort = server.RANDOM_PORT, server.RANDOM_PORT
	options.NoLog, options.NoSigs = true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready after 10 s")
	}
	page.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.MonitorAddr().Port))
	answer, err := http.Get(page.String())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", page, answer.Status)
	}
}

func TestDockerfile(t *testing.T) {
	text := readFile(t, "Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "go.mod"))[1]
	for _, line := range []string{
		"FROM golang:" + version + " AS build",
		"    GOCACHE=/cache CGO_ENABLED=0 go build -trimpath -ldflags=\"-s -w\" -o /out/ ./cmd/...",
		"FROM scratch",
		"COPY --from=build /out/ /usr/local/bin/",
		"ENV PATH=/usr/local/bin",
		"USER 65532:65532",
	} {
		if !slices.Contains(strings.Split(text, "\n"), line) {
			t.Errorf("no line %q", line)
		}
	}
}

// What .dockerignore lets through is enough to build the commands.
func TestBuildContext(t *testing.T) {
	var through []string
	for line := range strings.Lines(readFile(t, ".dockerignore")) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			through = append(through, name)
		}
	}
	command := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}", "./cmd/...")
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range strings.Fields(string(out)) {
		name, err := filepath.Rel(top, folder)
		if err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(filepath.ToSlash(name), "/"); !slices.Contains(through, first) {
			t.Errorf("%s is needed and ignored", name)
		}
	}
}
