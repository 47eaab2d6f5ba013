package events

import (
	"strings"
	"testing"
)

func testParts(streams []string) (parts []Part) {
	for _, s := range streams {
		parts = append(parts, Part{Stream: s, Messages: 3, First: 2, Last: 9, SHA256: strings.Repeat("ab", 32)})
	}
	return parts
}

func testPruned() *Pruned {
	sha := strings.Repeat("cd", 32)
	return &Pruned{Schema: PrunedSchema, Pipeline: "p", Window: 7, Request: sha, Outcome: Fail, VerdictSeq: 4, VerdictSHA256: sha,
		Archive: "/archive", ArchiveSHA256: sha, Parts: testParts(PrunedStreams)}
}

func TestPruned(t *testing.T) {
	data, err := Encode(testPruned())
	if err != nil {
		t.Fatal(err)
	}
	m := Message{Stream: StreamWindow, Seq: 12, Subject: PrunedSubject("p", 7), Data: data}
	if p, err := ReadPruned(m); err != nil || p.Key() != (WindowKey{"p", 7, strings.Repeat("cd", 32)}) {
		t.Errorf("%+v, %v", p, err)
	}
	m.Subject = PrunedSubject("p", 8)
	if _, err := ReadPruned(m); err == nil || !strings.Contains(err.Error(), "it is of window p.7") {
		t.Errorf("%v", err)
	}
	for want, change := range map[string]func(*Pruned){
		"/archive:":              func(p *Pruned) { p.Archive = "" },
		"/archive_sha256":        func(p *Pruned) { p.ArchiveSHA256 = "x" },
		"/window":                func(p *Pruned) { p.Window = 0 },
		"/request":               func(p *Pruned) { p.Request = "x" },
		"/outcome":               func(p *Pruned) { p.Outcome = "maybe" },
		"/verdict_seq":           func(p *Pruned) { p.VerdictSeq = 0 },
		"/verdict_sha256":        func(p *Pruned) { p.VerdictSHA256 = "x" },
		"/parts: 2 of them":      func(p *Pruned) { p.Parts = p.Parts[:2] },
		"/parts/1/stream":        func(p *Pruned) { p.Parts[1].Stream = StreamWindow },
		"/parts/2: 9 messages":   func(p *Pruned) { p.Parts[2].Messages = 9 },
		"/parts/0: 0 messages":   func(p *Pruned) { p.Parts[0].Messages = 0 },
		"/parts/0/sha256: \"x\"": func(p *Pruned) { p.Parts[0].SHA256 = "x" },
	} {
		p := testPruned()
		change(p)
		data, err := Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := Decode(data, new(Pruned)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	// No control event has the verb of a tombstone.
	c := Control{Schema: ControlSchema, Verb: verbPruned, Pipeline: "p", Window: 7, Request: strings.Repeat("cd", 32)}
	if data, err = Encode(&c); err != nil {
		t.Fatal(err)
	}
	if err := Decode(data, new(Control)); err == nil {
		t.Error("a control event with the verb of a tombstone is read")
	}
}

func TestArchiveManifest(t *testing.T) {
	sha := strings.Repeat("cd", 32)
	window := func(n uint64) ArchivedWindow {
		return ArchivedWindow{Pipeline: "p", Window: n, Request: sha, Outcome: Pass, VerdictSeq: 4, VerdictSHA256: sha,
			Parts: testParts(ArchivedStreams), Objects: []string{strings.Repeat("ab", 32), sha}}
	}
	manifest := func() *Archive {
		return &Archive{Schema: ArchiveSchema, Ends: Ends{Window: 9}, Windows: []ArchivedWindow{window(2), window(5)},
			Voids: Part{Stream: StreamWindow, SHA256: sha}}
	}
	for want, change := range map[string]func(*Archive){
		"":                       func(*Archive) {},
		"/windows/1/window: 2":   func(a *Archive) { a.Windows[1].Window = 2 },
		"ended with 4":           func(a *Archive) { a.Ends.Window = 4 },
		"/windows/0/objects":     func(a *Archive) { a.Windows[0].Objects[0] = sha },
		"/windows/1/parts: 4":    func(a *Archive) { a.Windows[1].Parts = a.Windows[1].Parts[:4] },
		"/windows/1/outcome":     func(a *Archive) { a.Windows[1].Outcome = "" },
		"/parts/0/stream":        func(a *Archive) { a.Voids.Stream = StreamTrace },
		"/windows/0/objects: \"": func(a *Archive) { a.Windows[0].Objects = []string{"x"} },
	} {
		a := manifest()
		change(a)
		data, err := Encode(a)
		if err != nil {
			t.Fatal(err)
		}
		err = Decode(data, new(Archive))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestParseHandoutSubject(t *testing.T) {
	k := RunKey{"p", 7, 11}
	if kind, found, err := ParseHandoutSubject(HandoutSubject("exec", k)); kind != "exec" || found != k || err != nil {
		t.Errorf("%s, %v, %v", kind, found, err)
	}
	for _, bad := range []string{"ers.run.exec.p.7", "ers.run.Exec.p.7.1", "ers.run.exec.p!.7.1", "ers.run.exec.p.07.1", "ers.run.exec.p.7.1000", "ers.trace.p.7.1"} {
		if _, _, err := ParseHandoutSubject(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
