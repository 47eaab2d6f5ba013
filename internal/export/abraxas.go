package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/aalviz"
	"abraxas.dev/ers/pkg/canon"
	"abraxas.dev/ers/pkg/client"
	"abraxas.dev/ers/pkg/events"
)

// trendPackPattern is the path of every TrendPack, as viewers know it.
const trendPackPattern = "viz/{run_id}/{tick:06d}.trendpack.json"

// The paths of the documents of a run, and of those of one of its ticks.
func runPath(id, kind string) string { return fmt.Sprintf("runs/%s.%s.json", id, kind) }

func tickPath(folder, id string, tick int64, kind string) string {
	return fmt.Sprintf("%s/%s/%06d.%s.json", folder, id, tick, kind)
}

// writeAbraxas writes the layout of the Abraxas artifacts. Every document but the
// manifest is a file of package viz, and the manifest has the hash of each.
func writeAbraxas(ctx context.Context, w *Window, out *Folder) error {
	if w.Verdict == nil {
		return fmt.Errorf("window %d has no verdict yet: wait for it (`ers tail ers.gate.*`), or export it as jsonl or csv", w.ID)
	}
	for _, run := range w.Runs {
		if err := writeRun(ctx, w, out, run); err != nil {
			return fmt.Errorf("run %d: %w", run, err)
		}
	}
	return nil
}

// abraxasRun is a run that is being written.
type abraxasRun struct {
	out        *Folder
	refsFrom   string // see Window.RefsFrom
	id         string
	stability  *aalviz.Stability
	provenance aalviz.Provenance
	refs       aalviz.IndexRefs   // of the run; those of a tick are added
	hashes     aalviz.IndexHashes // likewise
	manifest   *manifest
}

func writeRun(ctx context.Context, w *Window, out *Folder, run int) (err error) {
	id := aalviz.RunID(w.Key.Run(run))
	r := &abraxasRun{out: out, refsFrom: w.RefsFrom, id: id, stability: aalviz.NewStability(w.Verdict, id), provenance: aalviz.NewProvenance(w.Verdict, w.VerdictSeq, run)}
	if r.manifest, err = newManifest(out, id); err != nil {
		return err
	}
	status := aalviz.ManifestStatus{Complete: true}
	if err = r.write(ctx, w, run); err != nil {
		var problem *client.Problem
		if problem, err = w.incomplete(err); err == nil {
			status = aalviz.ManifestStatus{Problem: (*events.Problem)(problem)}
		}
	}
	return errors.Join(err, r.manifest.close(status))
}

// write writes everything but the manifest.
func (r *abraxasRun) write(ctx context.Context, w *Window, run int) error {
	if err := r.begin(w, run); err != nil {
		return err
	}
	for t, err := range client.Ticks(ctx, w.Bus, w.record(run)) {
		if err == nil {
			err = r.tick(&t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin writes the documents of the run as a whole.
func (r *abraxasRun) begin(w *Window, run int) (err error) {
	headerPath, refPath, stabilityPath := runPath(r.id, "runheader"), runPath(r.id, "stability_ref"), runPath(r.id, "runstability")
	r.refs.RunHeader, r.refs.StabilityRef = r.ref(headerPath), r.ref(refPath)
	header := aalviz.NewRunHeader(w.Key, run, w.Request, r.provenance.Mode, refPath)
	if r.hashes.RunHeader, err = r.put(nil, "runheader", aalviz.RunHeaderSchema, headerPath, header); err != nil {
		return err
	}
	r.provenance.RunHeaderSHA256 = r.hashes.RunHeader
	ref := aalviz.StabilityRef{Schema: aalviz.StabilityRefSchema, RunID: r.id, Path: r.ref(stabilityPath)}
	if ref.SHA256, err = r.put(nil, "runstability", aalviz.StabilitySchema, stabilityPath, r.stability); err != nil {
		return err
	}
	r.hashes.StabilityRef, err = r.put(nil, "stability_ref", aalviz.StabilityRefSchema, refPath, &ref)
	return errors.Join(err, r.manifest.list())
}

// tick writes the documents of one tick, each before those that name its hash.
func (r *abraxasRun) tick(t *client.Tick) error {
	sums, err := events.TickHashes(&t.Tick)
	if err != nil {
		return err
	}
	tick, p := t.Tick.Tick, r.provenance.ForTick(sums, t.FirstSeq, t.LastSeq)
	provenance, err := events.Encode(p)
	if err != nil {
		return err
	}
	refs, hashes := r.refs, r.hashes
	results, trend, viewed := tickPath("results", r.id, tick, "resultspack"), tickPath("viz", r.id, tick, "trendpack"), tickPath("view", r.id, tick, "viewpack")
	refs.ResultsPack, refs.TrendPack, refs.ViewPack = r.ref(results), r.ref(trend), r.ref(viewed)
	trendPack, err := aalviz.NewTrendPack(r.id, canon.Value(provenance), tick, t.Events, refs.ResultsPack)
	if err != nil {
		return err
	}
	if hashes.ResultsPack, err = r.put(&tick, "results_pack", aalviz.ResultsPackSchema, results, aalviz.NewResultsPack(r.id, p, &t.Tick)); err != nil {
		return err
	}
	if hashes.TrendPack, err = r.put(&tick, "trendpack", aalviz.TrendPackSchema, trend, trendPack); err != nil {
		return err
	}
	summary := aalviz.Invariance{Schema: aalviz.InvarianceSchema, TrendPackSHA256: hashes.TrendPack, RunHeaderSHA256: hashes.RunHeader, Passed: r.stability.OK}
	view := aalviz.NewViewPack(r.id, trendPackPattern, p, trendPack, summary, r.stability, &t.Tick)
	if hashes.ViewPack, err = r.put(&tick, "viewpack", aalviz.ViewPackSchema, viewed, view); err != nil {
		return err
	}
	_, err = r.put(&tick, "runindex", aalviz.RunIndexSchema, tickPath("run_index", r.id, tick, "runindex"), aalviz.NewRunIndex(r.id, p, tick, refs, hashes))
	return errors.Join(err, r.manifest.list())
}

// ref is how documents name one that is written to a path in the folder.
func (r *abraxasRun) ref(name string) string {
	if r.refsFrom == "" {
		return name
	}
	return path.Join(r.refsFrom, name)
}

// put writes a document that the manifest will list.
func (r *abraxasRun) put(tick *int64, kind, schema, name string, doc any) (sha256 string, err error) {
	sha256, size, err := r.out.WriteJSON(name, doc)
	if err != nil {
		return "", err
	}
	r.manifest.Records = append(r.manifest.Records, aalviz.Record{Tick: tick, Kind: kind, Schema: schema, Path: r.ref(name), SHA256: sha256, Bytes: size})
	return sha256, nil
}

// manifest is a [aalviz.Manifest] that is written tick by tick, since a run can have more
// records than memory should hold. Records are those that are yet to be written.
type manifest struct {
	aalviz.Manifest
	file   *os.File
	buffer *bufio.Writer
	comma  string
}

// manifestHead is what stands before the records: the name of the first member.
const manifestHead = `{"records":[`

func newManifest(out *Folder, id string) (*manifest, error) {
	file, err := out.Create("manifests/" + id + ".manifest.json")
	if err != nil {
		return nil, err
	}
	m := &manifest{file: file, buffer: bufio.NewWriter(file)}
	m.Schema, m.RunID = aalviz.ManifestSchema, id
	_, err = m.buffer.WriteString(manifestHead)
	return m, err
}

// list writes the records of one tick, or of the run as a whole.
func (m *manifest) list() error {
	slices.SortFunc(m.Records, func(a, b aalviz.Record) int { return strings.Compare(a.Kind, b.Kind) })
	for i := range m.Records {
		data, err := events.Encode(&m.Records[i])
		if err != nil {
			return err
		}
		if _, err := m.buffer.WriteString(m.comma); err != nil {
			return err
		}
		m.comma = ","
		if _, err := m.buffer.Write(data); err != nil {
			return err
		}
	}
	m.Records = m.Records[:0]
	return nil
}

func (m *manifest) close(status aalviz.ManifestStatus) error {
	m.Status, m.Records = status, nil
	tail, err := events.Encode(&m.Manifest)
	if err == nil {
		_, err = m.buffer.Write(tail[len(manifestHead):])
	}
	return errors.Join(err, m.buffer.Flush(), m.file.Close())
}
