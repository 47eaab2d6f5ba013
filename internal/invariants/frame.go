package invariants

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"
)

// frame is a part of a tick, as the trace has it.
type frame struct {
	request, pipeline              string
	window, run                    int64
	firstTick, ticks, tick, first  int64
	total                          int64
	events, results                [][]byte // each as MessagePack
	abandoned, difference, runsEnd bool     // the run ends with it
}

// readFrame reads one, and no more than is asked of it here.
func readFrame(b []byte) (*frame, error) {
	fields, err := readMap(b)
	if err != nil {
		return nil, err
	}
	f := new(frame)
	var v int64
	for name, to := range map[string]*int64{"v": &v, "window": &f.window, "run": &f.run, "first_tick": &f.firstTick, "ticks": &f.ticks,
		"tick": &f.tick, "first": &f.first, "total": &f.total} {
		if *to, _, err = msgp.ReadInt64Bytes(fields[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if v != 2 {
		return nil, fmt.Errorf("version %d", v)
	}
	for name, to := range map[string]*string{"request": &f.request, "pipeline": &f.pipeline} {
		if *to, _, err = msgp.ReadStringBytes(fields[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for name, to := range map[string]*[][]byte{"events": &f.events, "results": &f.results} {
		if *to, err = readArray(fields[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	_, f.abandoned = fields["abandoned"]
	_, f.difference = fields["difference"]
	_, f.runsEnd = fields["end"]
	if len(f.events) != len(f.results) {
		return nil, fmt.Errorf("%d events and %d results", len(f.events), len(f.results))
	}
	return f, nil
}

// readMap returns the values of a map as they are. Nothing follows it.
func readMap(b []byte) (map[string][]byte, error) {
	n, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return nil, err
	}
	fields := make(map[string][]byte, n)
	for range n {
		var name string
		if name, b, err = msgp.ReadStringBytes(b); err != nil {
			return nil, err
		}
		rest, err := msgp.Skip(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		fields[name], b = b[:len(b)-len(rest)], rest
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%d bytes follow", len(b))
	}
	return fields, nil
}

func readArray(b []byte) ([][]byte, error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return nil, err
	}
	list := make([][]byte, n)
	for i := range list {
		rest, err := msgp.Skip(b)
		if err != nil {
			return nil, err
		}
		list[i], b = b[:len(b)-len(rest)], rest
	}
	return list, nil
}
