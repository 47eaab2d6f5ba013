package bus

import (
	"context"
	"iter"
	"slices"
)

// ReadWhole is Read with the headers of each message, for who copies messages as they are.
func (b *Bus) ReadWhole(ctx context.Context, stream string, from, to uint64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		end, err := b.end(ctx, stream, "", to)
		if err != nil {
			yield(Message{}, err)
			return
		}
		if end < from || end == 0 {
			return
		}
		for m, err := range b.messages(ctx, stream, "", from, end) {
			if err == nil && m.Seq > end || !yield(m, err) || m.Seq == end {
				return
			}
		}
	}
}

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
