// Package e2e tests ERS as it is run: the built commands as processes of their own, on
// a NATS server, killed, frozen, stopped and lied to. It has no code but tests.
//
// main_test.go builds the commands, process_test.go starts and ends them,
// system_test.go is a server with services on it, window_test.go has the pipelines
// that are run and what must hold of a window afterwards. The other files each test
// one kind of trouble.
//
// storm_test.go kills everything at random, cluster_test.go (with -tags cluster) does so on
// three servers. behind_linux_test.go, slow_unix_test.go and full_linux_test.go are about what
// is late or full and not dead. Package invariants then looks at the streams.
//
// Beside these a test never waits for time to pass but for what it can see on the streams or in a
// log. -short leaves the package out.
package e2e
