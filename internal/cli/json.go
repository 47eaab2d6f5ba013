package cli

import (
	"encoding/json"
	"errors"

	"abraxas.dev/ers/pkg/bus"
)

// printJSON prints a document on one line.
func printJSON(io *streams, document any) error {
	e := json.NewEncoder(io.out)
	e.SetEscapeHTML(false)
	return e.Encode(document)
}

// jsonError prints a document for who reads one, where an error left none. The error is
// returned for the exit code, and said on standard error too.
func jsonError(io *streams, asJSON bool, schema string, err error) error {
	if !asJSON || err == nil || errors.Is(err, errFail) || errors.Is(err, errUnknown) {
		return err
	}
	return errors.Join(err, printJSON(io, struct {
		Schema string `json:"schema"`
		Error  string `json:"error"`
	}{schema, bus.Redact(err.Error())}))
}
