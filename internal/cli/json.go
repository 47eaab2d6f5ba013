package cli

import "encoding/json"

// printJSON prints a document on one line.
func printJSON(io *streams, document any) error {
	e := json.NewEncoder(io.out)
	e.SetEscapeHTML(false)
	return e.Encode(document)
}
