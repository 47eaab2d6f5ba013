package bus_test

import (
	"context"
	"fmt"
	"log"

	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/events"
)

// A run is written frame by frame, each guarded by the one before, and read back.
func Example() {
	ctx := context.Background()
	b, err := embedded.Open(ctx, embedded.Config{}) // an embedded server in a temporary folder
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()

	subject := events.TraceSubject(events.RunKey{Pipeline: "prices", Window: 1, Run: 0})
	var last uint64
	for _, frame := range []string{"tick 0", "tick 1", "tick 2"} {
		if last, err = b.Append(ctx, subject, last, []byte(frame)); err != nil {
			log.Fatal(err)
		}
	}
	for m, err := range b.Read(ctx, events.StreamTrace, subject, 1, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Seq, string(m.Data))
	}
	// Output:
	// 1 tick 0
	// 2 tick 1
	// 3 tick 2
}
