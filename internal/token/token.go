// Package token keeps others out of a server that listens on this machine, and lets the
// commands of the same user in.
//
// [Keep] keeps a server's token in its store. [Announce] notes, for as long as the server
// runs, which token belongs to its address, where only its user can read it: [Find] finds
// it there. [WriteContext] tells the nats CLI too.
package token

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"abraxas.dev/ers/pkg/bus"
)

// New returns a token that nobody can guess.
func New() string {
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}

const fileName = "ers.token"

// File is where a store has its token.
func File(store string) string { return filepath.Join(store, fileName) }

// Keep returns the token of a store, which is made when there is none.
//
// Commit point: the file is made whole by its link. A crash before it leaves none. Of two
// processes that make one at once the first wins.
func Keep(store string) (string, error) {
	name := File(store)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(New())
		if err = os.MkdirAll(store, 0o750); err == nil {
			err = writeWith(os.Link, name, text)
		}
		if errors.Is(err, fs.ErrExist) {
			return Keep(store)
		}
	} else if err == nil {
		err = os.Chmod(name, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("token of the server: %w", err)
	}
	token := string(bytes.TrimSpace(text))
	if token == "" {
		return "", fmt.Errorf("token of the server: %s is empty: write one into it, or remove it for a new one", name)
	}
	return token, nil
}

// write makes a file that only its user can read, in place of one that is there.
func write(name string, text []byte) error { return writeWith(os.Rename, name, text) }

func writeWith(place func(from, to string) error, name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".ers-*.partial") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = place(f.Name(), name)
	}
	_ = os.Remove(f.Name()) // unless it was renamed
	return err
}

// entry is what is noted of a running server.
type entry struct {
	URL     string `json:"url"`
	Token   string `json:"token"`
	Process int    `json:"pid"`
	Store   string `json:"store,omitempty"`
}

// Folder is where the user's running servers are noted.
func Folder() (string, error) {
	contexts, err := bus.ContextFolder()
	if err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(filepath.Dir(contexts)), "ers", "servers"), nil
}

// Announce notes the token of the server at url and where its store is, for the commands of
// this user, until forget is called or this process ends.
func Announce(at, token, store string) (forget func(), err error) {
	host, port, err := hostPort(at)
	if err != nil {
		return nil, err
	}
	dir, err := Folder()
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		sweep(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("note the server's token for this user's commands: %w", err)
	}
	name := filepath.Join(dir, entryName(host, port))
	text, err := json.Marshal(entry{at, token, os.Getpid(), store})
	if err == nil {
		err = write(name, text)
	}
	if err != nil {
		return nil, fmt.Errorf("note the server's token for this user's commands: %w", err)
	}
	return func() {
		if e, err := read(name); err == nil && e.Process == os.Getpid() {
			_ = os.Remove(name)
		}
	}, nil
}

// sweep removes what is noted of processes that were killed.
func sweep(dir string) {
	names, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, name := range names {
		if e, err := read(name); err == nil && !alive(e.Process) {
			_ = os.Remove(name)
		}
	}
}

func entryName(host, port string) string {
	return strings.NewReplacer(":", "_", "%", "_").Replace(host) + "_" + port + ".json"
}

func read(name string) (e entry, err error) {
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	return e, err
}

// Find returns the token for a server of this user that runs on this machine, "" when
// url names no such server, or names more than a server, or says itself who we are.
func Find(at string) string {
	host, port, err := hostPort(at)
	if err != nil {
		return ""
	}
	dir, err := Folder()
	if err != nil {
		return ""
	}
	for _, host := range aliases(host) {
		e, err := read(filepath.Join(dir, entryName(host, port)))
		if err == nil && alive(e.Process) {
			return e.Token
		}
	}
	return ""
}

// Stores are the stores of this user's servers that run now.
func Stores() (list []string) {
	dir, err := Folder()
	if err != nil {
		return nil
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	for _, name := range names {
		if e, err := read(name); err == nil && e.Store != "" && alive(e.Process) {
			list = append(list, e.Store)
		}
	}
	return list
}

// aliases are the hosts under which a server may have been announced that is reached
// under this one.
func aliases(host string) []string {
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return []string{host}
	}
	return []string{host, "127.0.0.1", "localhost", "::1", "0.0.0.0", "::"}
}

// hostPort reads the address of one server without a user.
func hostPort(at string) (host, port string, err error) {
	if !strings.Contains(at, "://") {
		at = "nats://" + at
	}
	u, err := url.Parse(at)
	if err != nil || u.User != nil || strings.Contains(at, ",") || u.Hostname() == "" {
		return "", "", fmt.Errorf("%s is not the address of one server", bus.Redact(at))
	}
	if port = u.Port(); port == "" {
		port = "4222"
	}
	return u.Hostname(), port, nil
}

// alive tells whether a process runs that this user may signal. A number that was given
// to another process is harmless: then its server has another token.
func alive(process int) bool {
	p, err := os.FindProcess(process)
	if err != nil || process <= 0 {
		return false
	}
	return runtime.GOOS == "windows" || p.Signal(syscall.Signal(0)) == nil
}

// ContextName is the context of the nats CLI that leads to the server of `ers up`.
const ContextName = "ers"

// mark tells a context that we wrote from one that somebody made.
const mark = "the server of `ers up` (written by it, and anew each time)"

// WriteContext writes the context for the nats CLI, and does not select it. A context of
// this name that is not ours, or that leads to another server that runs, is left alone,
// and the error says so.
func WriteContext(at, token string) error {
	dir, err := bus.ContextFolder()
	if err != nil {
		return err
	}
	name := filepath.Join(dir, ContextName+".json")
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("context %s of the nats CLI: %w", ContextName, err)
	}
	if err == nil {
		var found struct{ Description, URL string }
		if json.Unmarshal(old, &found) != nil || found.Description != mark {
			return fmt.Errorf("context %s of the nats CLI is not ours and stays as it is: %s", ContextName, name)
		}
		if found.URL != at && Find(found.URL) != "" {
			return fmt.Errorf("context %s of the nats CLI leads to the server at %s, which runs, and stays as it is", ContextName, found.URL)
		}
	}
	text, err := json.MarshalIndent(map[string]string{"description": mark, "url": at, "token": token}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("context %s of the nats CLI: %w", ContextName, err)
	}
	return write(name, append(text, '\n'))
}
