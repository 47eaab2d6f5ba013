package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
)

// maker makes the value of a content to which rules apply.
type maker struct {
	name  string
	limit int
	sum   hash.Hash
	size  int64
	head  []byte // one byte more than can stand in a value
}

func newMaker(name string) *maker {
	m := &maker{name: name, sum: sha256.New(), limit: 32 << 10}
	if strings.HasPrefix(name, "file:") {
		m.limit = 4 << 10
	}
	return m
}

func (m *maker) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	m.head = append(m.head, p[:min(len(p), max(0, m.limit+1-len(m.head)))]...)
	return m.sum.Write(p)
}

func (m *maker) make(as string, rules []rule, r io.Reader) (any, error) {
	var err error
	inline := map[string]any{}
	switch as {
	case "json":
		var tree any
		if tree, err = readJSON(r); err == nil {
			inline["json"] = applied(rules, tree)
			_, err = io.WriteString(m, canonical(inline["json"]))
		}
	case "jsonl":
		err = m.makeLines(rules, r)
	default:
		_, err = io.Copy(m, r)
	}
	if err != nil {
		return nil, err
	}
	if m.size <= int64(m.limit) {
		if as != "json" {
			inline, err = valueOf(as, m.head)
		}
		if err != nil || len(canonical(inline)) <= m.limit {
			return inline, err
		}
	}
	size := json.Number(strconv.FormatInt(m.size, 10))
	return map[string]any{"as": as, "object": map[string]any{"name": m.name, "sha256": hex.EncodeToString(m.sum.Sum(nil)), "size": size}}, nil
}

// makeLines writes JSON Lines with rules applied. The first name of a pointer is the
// index of the line.
func (m *maker) makeLines(rules []rule, r io.Reader) error {
	lines := bufio.NewReader(r)
	for i := 0; ; i++ {
		line, err := readLine(lines)
		if err != nil || len(line) == 0 {
			return err
		}
		tree, err := parseText(string(line))
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		for _, r := range rules {
			switch {
			case len(r.path) > 0 && r.path[0] != "*" && r.path[0] != strconv.Itoa(i):
			case len(r.path) == 1 && r.Do == "ignore":
				tree = nil
			default:
				tree = r.apply(tree, r.path[min(1, len(r.path)):])
			}
		}
		if _, err := io.WriteString(m, canonical(tree)+"\n"); err != nil {
			return err
		}
	}
}

// valueOf is the value of bytes that are no JSON text.
func valueOf(as string, data []byte) (map[string]any, error) {
	if as == "bytes" {
		return map[string]any{"bytes": base64.StdEncoding.EncodeToString(data)}, nil
	}
	m, lines := map[string]any{}, []any{}
	for line := range bytes.Lines(data) {
		text, ended := bytes.CutSuffix(line, []byte{'\n'})
		if !ended {
			m["open"] = true
		}
		var element any = string(text)
		if as == "jsonl" {
			var err error
			if element, err = parseText(string(text)); err != nil {
				return nil, err
			}
		}
		lines = append(lines, element)
	}
	m[as] = lines
	return m, nil
}
