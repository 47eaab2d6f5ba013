package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the folder of the module.
const root = "../.."

// contract are the documents that say what is on the bus.
var contract = []string{"subjects.md", "docs/documents.md", "docs/frames.md", "docs/objects.md"}

// markdown is one document or several, with their marked blocks and tables.
type markdown struct {
	files  string
	text   string
	blocks map[string]string     // by the words behind ```: two or more, or it is not marked
	tables map[string][][]string // cells of the rows below the head, by the comment above
}

var (
	blockMark = regexp.MustCompile("(?ms)^```(\\w+ [^\n]+)\n(.*?)^```$")
	tableMark = regexp.MustCompile(`(?m)^<!-- (.+) -->\n((?:\|.*\n)+)`)
)

func readSubjects(t *testing.T) *markdown {
	t.Helper()
	return readMarkdown(t, contract...)
}

func readMarkdown(t *testing.T, files ...string) *markdown {
	t.Helper()
	m := &markdown{files: strings.Join(files, ", "), blocks: map[string]string{}, tables: map[string][][]string{}}
	for _, file := range files {
		m.text += readFile(t, file)
	}
	for _, found := range blockMark.FindAllStringSubmatch(m.text, -1) {
		if _, twice := m.blocks[found[1]]; twice {
			t.Fatalf("%s: two blocks are marked %q", m.files, found[1])
		}
		m.blocks[found[1]] = found[2]
	}
	for _, found := range tableMark.FindAllStringSubmatch(m.text, -1) {
		if _, twice := m.tables[found[1]]; twice {
			t.Fatalf("%s: two tables are marked %q", m.files, found[1])
		}
		lines := strings.Split(strings.TrimSpace(found[2]), "\n")
		for _, line := range lines[min(2, len(lines)):] {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			m.tables[found[1]] = append(m.tables[found[1]], cells)
		}
	}
	return m
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// block returns a marked block that must be there.
func (m *markdown) block(t *testing.T, mark string) string {
	t.Helper()
	text, ok := m.blocks[mark]
	if !ok {
		t.Fatalf("%s: no block is marked %q", m.files, mark)
	}
	return text
}

// table returns the rows of a marked table that must be there.
func (m *markdown) table(t *testing.T, mark string) [][]string {
	t.Helper()
	rows := m.tables[mark]
	if len(rows) == 0 {
		t.Fatalf("%s: no table is marked %q", m.files, mark)
	}
	return rows
}

// code returns what stands between the backquotes of a cell, piece by piece.
func code(cell string) []string {
	var list []string
	for _, found := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(cell, -1) {
		list = append(list, found[1])
	}
	return list
}

// lineWidth is where JSON is broken into lines.
const lineWidth = 152

// pretty breaks JSON into lines. It changes nothing but white space.
func pretty(t *testing.T, raw []byte, indent string) string {
	t.Helper()
	if raw = compact(t, raw); len(indent)+len(raw) <= lineWidth || raw[0] != '{' && raw[0] != '[' {
		return string(raw)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	inner := indent + "  "
	var lines []string
	for d.More() {
		line := inner
		if raw[0] == '{' {
			key, err := d.Token()
			if err != nil {
				t.Fatal(err)
			}
			line += fmt.Sprintf("%q: ", key)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line+pretty(t, value, inner))
	}
	return string(raw[0]) + "\n" + strings.Join(lines, ",\n") + "\n" + indent + string(raw[len(raw)-1])
}

func compact(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatalf("%v in %.200s", err, raw)
	}
	return b.Bytes()
}
