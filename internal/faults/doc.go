// Package faults tests what ERS promises while things go wrong between a service and the
// server. It has no code but tests.
//
// Coordinator, hasher, gate, feed and submitter each reach one server through a proxy of
// their own. First it counts what each of them says to the server, by kind. Then, case
// after case, one of these packets meets a fault: it is lost, repeated, late, refused, the
// service dies before or after it, and so on. The service is started again where it
// ended, the window of the case must get the verdict that it should, and package
// invariants must find nothing wrong on the streams.
//
// matrix_test.go makes the table of cases and goes through it, lane_test.go is a server
// with its services, service_test.go keeps one of them alive.
//
//	go test ./internal/faults                   a sample, which prints its seed
//	go test ./internal/faults -seed 17          the same sample again
//	go test ./internal/faults -matrix           every case, in some minutes
package faults
