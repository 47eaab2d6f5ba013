package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
)

// natsServer is the name under which the program of these tests is a nats-server.
const natsServer = "nats-server"

// serveNATS is the main of nats-server.
func serveNATS() {
	flags := flag.NewFlagSet(natsServer, flag.ExitOnError)
	opts, err := server.ConfigureOptions(flags, os.Args[1:], server.PrintServerAndExit, flags.Usage, server.PrintTLSHelpAndDie)
	if err == nil {
		var s *server.Server
		if s, err = server.NewServer(opts); err == nil {
			s.ConfigureLogger()
			err = server.Run(s)
			s.WaitForShutdown()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// startServer starts a nats-server with a configuration, which is a process of its own.
func (s *scene) startServer(name, config string) *process {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), name+".conf")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return s.launch(name, exec.Command(filepath.Join(bin, natsServer), "-c", path))
}

// linkServer makes this program a nats-server too.
func linkServer() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(bin, natsServer))
}

// createStreams makes the streams with the command that people use, as soon as the
// servers can.
func (s *scene) createStreams(url string, replicas int) {
	s.t.Helper()
	for {
		create := command("ers", "streams", "create", "--nats", url, "--replicas", fmt.Sprint(replicas))
		out, err := create.CombinedOutput()
		if err == nil {
			return
		}
		if s.ctx.Err() != nil {
			s.t.Fatalf("%v: %v\n%s", create, err, out)
		}
	}
}
