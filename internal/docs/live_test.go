package docs

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"abraxas.dev/ers/internal/pipeline"
	"abraxas.dev/ers/pkg/bus"
	"abraxas.dev/ers/pkg/bus/embedded"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
	"abraxas.dev/ers/pkg/service"
)

var updateSubjects = flag.Bool("update-subjects", false, "write the examples of subjects.md and its parts anew")

// The runs that the examples show.
var (
	goodRun  = events.RunKey{Pipeline: "words", Window: 1, Run: 0}
	givenUp  = events.RunKey{Pipeline: "words", Window: 3, Run: 1}
	failDoc  = "json verdict fail"
	outcomes = []events.Outcome{events.Pass, events.Fail, events.Inconclusive} // of windows 1, 2, 3
)

// TestExamplesAreReal runs the windows of the examples through the real services and
// compares what they write with the examples.
func TestExamplesAreReal(t *testing.T) {
	m := readSubjects(t)
	examples := record(t, m)
	for mark, want := range examples {
		found := m.block(t, mark)
		if isJSON(mark) && sameDocument(t, found, want) || !isJSON(mark) && found == want {
			continue
		}
		if !*updateSubjects {
			t.Errorf("block %q of %s is not what the services write (-update-subjects writes it anew):\n%s", mark, m.files, want)
			continue
		}
		rewrite(t, "```"+mark+"\n"+found+"```\n", "```"+mark+"\n"+want+"```\n")
	}
}

// rewrite replaces a text in the document that has it.
func rewrite(t *testing.T, old, text string) {
	t.Helper()
	for _, file := range contract {
		before := readFile(t, file)
		if after := strings.Replace(before, old, text, 1); after != before {
			if err := os.WriteFile(filepath.Join(root, file), []byte(after), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func isJSON(mark string) bool { return strings.HasPrefix(mark, "json ") }

// sameDocument compares but for white space and for what depends on how fast the runs
// came: sequences, how many ticks a digest covers, and the hash of a request that names
// sequences.
func sameDocument(t *testing.T, found, want string) bool {
	t.Helper()
	if strings.TrimSpace(found) == "" {
		return false
	}
	return reflect.DeepEqual(settled(t, found), settled(t, want))
}

func settled(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	dropVolatile(v)
	return v
}

func dropVolatile(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range []string{"seq", "first_seq", "last_seq", "low_water", "digest_seq", "covers", "request", "after"} {
			delete(v, name)
		}
		for member := range maps.Values(v) {
			dropVolatile(member)
		}
	case []any:
		for _, element := range v {
			dropVolatile(element)
		}
	}
}

// record runs the three windows and returns the examples by their marks.
func record(t *testing.T, m *markdown) map[string]string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := embedded.Open(ctx, embedded.Config{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	services := make(chan error, 1)
	go func() { services <- service.Run(ctx, service.Config{Bus: b}) }()
	defer func() {
		cancel()
		if err := <-services; err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	alarms, err := b.Conn().SubscribeSync(events.GateSubjects)
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]string{}
	runWindows(ctx, t, m, b, examples)
	checkAlarms(ctx, t, m, alarms, examples)
	frames(ctx, t, b, examples)
	for mark, key := range map[string]events.RunKey{"json digest": goodRun, "json digest problem": givenUp} {
		examples[mark] = document(t, last(ctx, t, b, events.StreamDigest, events.DigestSubject(key)))
	}
	return examples
}

// runWindows asks for the three windows, one after the other.
func runWindows(ctx context.Context, t *testing.T, m *markdown, b *bus.Bus, examples map[string]string) {
	t.Helper()
	f := load(t, m)
	examples["json definition"] = document(t, f.Definition.Encode())
	examples["jsonl contexts"] = string(f.Contexts.Encode())
	drills := []*events.Drill{nil, {Run: 1, Tick: 1, Task: "text:measure", Kind: "value"}, {Run: 1, Tick: 1, Task: "text:rhyme", Kind: "value"}}
	for i, drill := range drills {
		key, err := client.Submit(ctx, b, f, func(r *events.WindowRequest) {
			r.Reproduce = "ers submit -f words.yaml"
			if r.Drill = drill; drill != nil {
				r.Reproduce += fmt.Sprintf(" --drill run=%d,tick=%d,task=%s,kind=%s", drill.Run, drill.Tick, drill.Task, drill.Kind)
			}
		})
		if err != nil || key.Window != uint64(i+1) {
			t.Fatalf("window %d: %v", key.Window, err)
		}
		v, data, err := client.Verdict(ctx, b, key)
		if err != nil || v.Outcome != outcomes[i] {
			t.Fatalf("window %d is %v: %v", key.Window, v, err)
		}
		examples["json verdict "+string(v.Outcome)] = document(t, data)
	}
	examples["json window"] = document(t, last(ctx, t, b, events.StreamWindow, events.WindowSubject(events.Starlark, f.Definition.Name), 1))
}

// load writes the pipeline of the examples to a file and reads it as users do.
func load(t *testing.T, m *markdown) *pipeline.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "words.yaml")
	if err := os.WriteFile(name, []byte(m.block(t, "yaml pipeline words.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := pipeline.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// checkAlarms makes sure that each verdict was heard as it is recorded, with the
// headers that subjects.md names.
func checkAlarms(ctx context.Context, t *testing.T, m *markdown, alarms *nats.Subscription, examples map[string]string) {
	t.Helper()
	for _, outcome := range outcomes {
		alarm, err := alarms.NextMsgWithContext(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if alarm.Subject != events.GateSubject(outcome) || document(t, alarm.Data) != examples["json verdict "+string(outcome)] {
			t.Errorf("the alarm on %s is not the verdict that is %s:\n%s", alarm.Subject, outcome, alarm.Data)
		}
		if "json verdict "+string(outcome) != failDoc {
			continue
		}
		for _, row := range m.table(t, "alarm") {
			if header, value := code(row[0])[0], code(row[1])[0]; alarm.Header.Get(header) != value {
				t.Errorf("header %s is %q, the table has %q", header, alarm.Header.Get(header), value)
			}
		}
	}
}

// frames shows the last frame of a good run and of one that was given up.
func frames(ctx context.Context, t *testing.T, b *bus.Bus, examples map[string]string) {
	t.Helper()
	good := last(ctx, t, b, events.StreamTrace, events.TraceSubject(goodRun))
	examples["hex frame"] = hexLines(good)
	canonical(t, good, examples)
	for mark, message := range map[string][]byte{
		"json frame":           good,
		"json frame abandoned": last(ctx, t, b, events.StreamTrace, events.TraceSubject(givenUp)),
	} {
		examples[mark] = frameJSON(t, message)
	}
}

// canonical shows what the hashes of a frame that is a whole tick cover.
func canonical(t *testing.T, message []byte, examples map[string]string) {
	t.Helper()
	var d events.FrameDecoder
	if err := d.Decode(message); err != nil {
		t.Fatal(err)
	}
	hash := events.NewRunHash()
	hash.AddFrame(&d)
	sums := hash.EndTick()
	examples["text hashes"] = fmt.Sprintf("trace_sha256           %s\nresult_sha256          %s\nforecast_sha256        %s\nforecast_result_sha256 %s\n",
		sums.Trace, sums.Result, sums.Forecast, sums.ForecastResult)
	examples["text canonical events"] = fmt.Sprintf("{\"events\":[%s]}\n", d.Events())
	examples["text canonical results"] = fmt.Sprintf("{\"results\":[%s]}\n", d.Results())
	examples["text canonical forecast"] = fmt.Sprintf("{\"events\":[%s]}\n", d.Event(0)) // the other one is shadow's
	examples["text canonical forecast results"] = fmt.Sprintf("{\"results\":[%s]}\n", d.Result(0))
}

func frameJSON(t *testing.T, message []byte) string {
	t.Helper()
	var d events.FrameDecoder
	if err := d.Decode(message); err != nil {
		t.Fatal(err)
	}
	text, err := d.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	return document(t, text)
}

// last returns the last message of a subject, or the one with the sequence given.
func last(ctx context.Context, t *testing.T, b *bus.Bus, stream, subject string, seq ...uint64) []byte {
	t.Helper()
	m, err := b.Last(ctx, stream, subject)
	if len(seq) > 0 {
		m, err = b.Get(ctx, stream, seq[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	return m.Data
}

func document(t *testing.T, raw []byte) string {
	t.Helper()
	return pretty(t, raw, "") + "\n"
}

// hexLines is hex of 48 bytes a line.
func hexLines(message []byte) string {
	var b bytes.Buffer
	for part := range slices.Chunk(message, 48) {
		fmt.Fprintln(&b, hex.EncodeToString(part))
	}
	return b.String()
}
