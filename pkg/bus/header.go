package bus

import (
	"slices"
)

// AppendHeader appends the headers of a message as NATS keeps them in a stream: sorted by
// name, as its Go client writes them. Without headers nothing is appended.
func AppendHeader(dst []byte, header map[string][]string) []byte {
	if len(header) == 0 {
		return dst
	}
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, "NATS/1.0\r\n"...)
	for _, name := range names {
		for _, value := range header[name] {
			dst = append(append(append(append(dst, name...), ": "...), value...), "\r\n"...)
		}
	}
	return append(dst, "\r\n"...)
}
