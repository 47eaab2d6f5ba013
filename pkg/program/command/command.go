// Package command makes one canonical value of what a run of a command came to: its exit
// status, what it wrote, and the files that it made or changed. The same things come to
// the same value, and things that differ in what counts to another one.
//
//	{"exit":0,"files":{"out/a.txt":FILE},"probe":CONTENT,"stderr":CONTENT,"stdout":CONTENT}
//
// In place of "exit" stands "signal", such as "SIGSEGV", when a signal of its own ended the
// command. "files" and "probe" are there when they were looked at. A CONTENT is one of
//
//	{"text":["line 1","line 2"]}        UTF-8; with "open":true the last line has no newline
//	{"json":V,"sha256":S,"size":N}      one JSON text, in canonical form
//	{"jsonl":[V,…],"sha256":S,"size":N} JSON Lines, each in canonical form
//	{"bytes":"base64"}                  anything else
//	{"as":"text","object":{"name":"stdout","sha256":S,"size":N}}
//
// What has no bytes is {"text":[]}. The sha256 and size beside JSON are those of the bytes
// that were written, so that equal values are equal bytes; text and bytes say it all by
// themselves. Where rules apply, the two are left out, and the content is compared in its
// canonical form alone.
//
// The last form is of a content that takes more than [MaxInline] canonical bytes, of a file
// [MaxInlineFile]: as says what it is, and the object of that SHA-256 is what is compared,
// the bytes as they were written or, where rules apply, what they left: lines of text, or
// canonical JSON. Which form it has depends on each content alone.
//
// A FILE is a CONTENT with "type":"file" and "executable", or {"type":"link","target":"…"},
// {"type":"folder"} (a new one, empty) or {"type":"deleted"}. When all files together take
// more than [MaxInlineFiles], their canonical JSON is an object named "files".
//
// [Output.Make] makes the value, [Read] reads it, [Explain] says where two differ. Contents
// are streamed: the memory taken does not grow with them, but for the number of files. The
// package is pure: contents come from a [Source].
package command

import (
	"io"

	"abraxas.dev/ers/pkg/content"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/rules"
)

// Source is a content. It can be opened any number of times, and must have the same bytes
// each time.
type Source interface {
	Open() (io.ReadCloser, error)
	Size() int64 // in bytes
}

// Output is what a run of a command came to.
type Output struct {
	Exit   int    // the status, unless a signal ended it
	Signal string // the name of the command's own signal, such as SIGSEGV; "" for none

	Stdout, Stderr Source          // nil is empty
	Probe          Source          // what the probe wrote; nil: there is none
	Files          map[string]File // by path, with slashes, from the working folder; nil: not looked at
}

// File is a file that was made, changed or deleted.
type File struct {
	Type       FileType
	Executable bool   // of a Regular one
	Target     string // of a Link
	Content    Source // of a Regular one
}

// FileType is what a file is.
type FileType string

const (
	Regular FileType = "file"
	Link    FileType = "link"
	Folder  FileType = "folder"  // a new one that is empty
	Deleted FileType = "deleted" // it was there before
)

// The most canonical bytes that stand in a value: of standard output, standard error and
// the probe each, of a file, and of all files. All together fit a task's value.
const (
	MaxInline      = 32 << 10
	MaxInlineFile  = 4 << 10
	MaxInlineFiles = 96 << 10
)

// Options say how contents are looked at. The zero value finds everything out.
type Options struct {
	As    map[string]content.As // by name: stdout, stderr, probe, or rules.FileName of a glob; see ParseAs
	Rules *rules.Set
}

// Made is what an Output was made to.
type Made struct {
	Value   []byte // canonical
	Objects []Object
	Counts  rules.Counts // how often each rule matched
	Notes   []string     // what could not be looked at as Options.As says, by name
}

// Object is content that belongs into the object store.
type Object struct {
	Name   string // stdout, stderr, probe, files, raw, or rules.FileName of a path
	SHA256 string
	Size   int64
	Raw    bool // bytes as they were before rules; else the value names the object
	Open   func() (io.ReadCloser, error)

	listed bool // in the object RawList
}

// RawList is the name of the object that lists raw contents where they are many: the
// canonical JSON {"file:a":{"sha256":S,"size":N},…}.
const RawList = "raw"

// MaxRaw is the most raw contents that a frame names one by one.
const MaxRaw = 100

// Named are the objects that the frame of the tick names, outside of everything that is
// hashed: raw contents, from which rules made what is compared.
func (m *Made) Named(task string) (list []events.Object) {
	for _, o := range m.Objects {
		if o.Raw && !o.listed {
			list = append(list, events.Object{Task: task, Name: o.Name, SHA256: o.SHA256, Size: o.Size})
		}
	}
	return list
}
