package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"
)

// mode OCTAL FILE… wants files to have these permissions.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s", name, got)
		}
	}
}

// server VARIABLE [FILE] starts a NATS server with JetStream, with a configuration file
// of the script, and puts its address into the variable. Nothing of ours is on it.
func natsServer(ts *testscript.TestScript, _ bool, args []string) {
	options := &server.Options{}
	if len(args) > 1 {
		var err error
		options, err = server.ProcessConfigFile(ts.MkAbs(args[1]))
		ts.Check(err)
	}
	options.Host, options.Port = "127.0.0.1", server.RANDOM_PORT
	options.JetStream, options.StoreDir = true, filepath.Join(ts.MkAbs("."), ".store-"+args[0])
	options.NoLog, options.NoSigs = true, true
	s, err := server.NewServer(options)
	ts.Check(err)
	s.Start()
	ts.Defer(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(10 * time.Second) {
		ts.Fatalf("the NATS server does not start")
	}
	ts.Setenv(args[0], strings.TrimPrefix(s.ClientURL(), "nats://"))
}
