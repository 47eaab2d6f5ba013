package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"abraxas.dev/ers/pkg/events"
)

// scheme names the canonical form that this package writes.
const scheme = "ers-c14n/1"

// The documents as the auditor reads them; request.go has requests, digestjson.go digests.
// Events and values are trees.
type (
	hashes struct {
		Trace          string `json:"trace_sha256"`
		Result         string `json:"result_sha256"`
		Forecast       string `json:"forecast_sha256"`
		ForecastResult string `json:"forecast_result_sha256"`
	}

	notVaried struct {
		Name   string `json:"name"`
		Reason string `json:"reason"`
		Runs   []int  `json:"runs"`
	}

	// machine is where runs were made.
	machine struct {
		System       string `json:"system"`
		Architecture string `json:"architecture"`
		Kernel       string `json:"kernel"`
		Build        string `json:"build"`
		Host         string `json:"host"`
		Runs         []int  `json:"runs"`
	}

	// control is a control event about a window.
	control struct {
		Schema   string `json:"schema"`
		Verb     string `json:"verb"`
		Pipeline string `json:"pipeline"`
		Window   uint64 `json:"window"`
		Request  string `json:"request"`
		Reason   string `json:"reason,omitempty"`
		Takings  int64  `json:"takings,omitempty"`
		TraceSeq uint64 `json:"trace_seq,omitempty"`
		Runs     []int  `json:"runs,omitempty"`
	}

	// handout hands one run of a window out by itself.
	handout struct {
		Schema   string `json:"schema"`
		Kind     string `json:"kind"`
		Pipeline string `json:"pipeline"`
		Window   uint64 `json:"window"`
		Run      int    `json:"run"`
		Request  string `json:"request"`
	}

	// void takes the number of a request that was lost.
	void struct {
		Schema string `json:"schema"`
		Ends   struct {
			Window  uint64 `json:"window"`
			Trace   uint64 `json:"trace"`
			Digest  uint64 `json:"digest"`
			Verdict uint64 `json:"verdict"`
			Viz     uint64 `json:"viz"`
		} `json:"ends"`
		Reason string `json:"reason"`
	}

	problem struct {
		Run    int    `json:"run"`
		Stream string `json:"stream"`
		Seq    uint64 `json:"seq"`
		Reason string `json:"reason"`
	}

	location struct {
		Kind       string `json:"kind"`
		Tick       int64  `json:"tick"`
		EventIndex int    `json:"event_index"`
		Task       string `json:"task"`
		Pointer    string `json:"pointer"`
	}

	group struct {
		Hash         string `json:"hash"`
		ResultHash   string `json:"result_hash"`
		ForecastHash string `json:"forecast_hash"`

		ForecastResultHash string `json:"forecast_result_hash"`

		Runs    []int     `json:"runs"`
		Differs *location `json:"differs,omitempty"`

		made int // how its runs are made: 0 is plainly, else 1 for the request's first group and so on
	}

	side struct {
		Run       int    `json:"run"`
		Present   bool   `json:"present"`
		Canonical string `json:"canonical"`
		Value     any    `json:"value"`
		Error     string `json:"error,omitempty"`
		Event     any    `json:"event,omitempty"`
		After     []any  `json:"after"`
	}

	divergence struct {
		location
		Runs     []int  `json:"runs"`
		Shadow   string `json:"shadow,omitempty"`
		Before   []any  `json:"before"`
		Expected side   `json:"expected"`
		Found    side   `json:"found"`

		Content *contentDifference `json:"content,omitempty"`

		values [2]any // what the task returned on both sides, where that is what differs
	}

	excludes struct {
		OneIn   int `json:"one_in"`
		Percent int `json:"percent"`
	}

	verdict struct {
		Schema             string         `json:"schema"`
		Scheme             string         `json:"scheme"`
		Outcome            events.Outcome `json:"outcome"`
		Kind               string         `json:"kind"`
		Pipeline           string         `json:"pipeline"`
		Window             uint64         `json:"window"`
		Request            string         `json:"request"`
		Case               string         `json:"case"`
		DefinitionSHA256   string         `json:"definition_sha256"`
		ContextsSHA256     string         `json:"contexts_sha256"`
		Runs               int            `json:"runs"`
		FirstTick          int64          `json:"first_tick"`
		Ticks              int64          `json:"ticks"`
		FirstRun           int64          `json:"first_run,omitempty"`
		Numbers            []int64        `json:"numbers,omitempty"`
		Variations         []string       `json:"variations,omitempty"`
		Fixed              []string       `json:"fixed,omitempty"`
		NotVaried          []notVaried    `json:"not_varied,omitempty"`
		Spread             bool           `json:"spread,omitempty"`
		Machines           []machine      `json:"machines,omitempty"`
		RunGroups          []runGroup     `json:"run_groups,omitempty"`
		ExpectedHash       string         `json:"expected_hash"`
		ExpectedResultHash string         `json:"expected_result_hash"`
		Hashes             []string       `json:"hashes"`
		ResultHashes       []string       `json:"result_hashes"`
		FirstMismatchIndex *int           `json:"first_mismatch_index"`
		Groups             []group        `json:"groups"`
		Outliers           []int          `json:"outliers"`
		Tie                bool           `json:"tie"`
		Empty              string         `json:"empty,omitempty"`
		Excludes           *excludes      `json:"excludes,omitempty"`
		Divergence         *divergence    `json:"divergence,omitempty"`
		Problems           []problem      `json:"problems,omitempty"`
		Latch              *latch         `json:"latch,omitempty"`
		Drill              *drill         `json:"drill,omitempty"`
		Probe              *probe         `json:"probe,omitempty"`
		Reproduce          string         `json:"reproduce"`
		DigestSeq          uint64         `json:"digest_seq"`
	}
)

// readDocument reads the JSON of a document, which must be of a schema, into doc, a
// pointer to one of the structs above, and have exactly its fields. It returns the
// document's tree.
func readDocument(data []byte, schema string, doc any) (tree any, err error) {
	if tree, err = parseJSON(data); err != nil {
		return nil, fmt.Errorf("it is not JSON that can be read: %w", err)
	}
	members, isMap := tree.(map[string]any)
	if !isMap || members["schema"] != schema {
		return nil, fmt.Errorf("its schema is %s, want %q", show(member(members, "schema")), schema)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(doc); err != nil {
		return nil, err
	}
	// The decoder lets fields be missing, and names be in any case.
	again, err := treeOf(doc)
	if err != nil {
		return nil, err
	}
	if at, found, want, differ := firstDifference(tree, again); differ {
		return nil, fmt.Errorf("%s: found %s where %s belongs", at, show(found), show(want))
	}
	return tree, nil
}

// readRecord reads a document of a service. Those are written in canonical form.
func readRecord(data []byte, schema string, doc any) error {
	tree, err := readDocument(data, schema, doc)
	if err == nil && canonical(tree) != string(data) {
		err = errors.New("its JSON is not canonical")
	}
	return err
}

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func isHash(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}
