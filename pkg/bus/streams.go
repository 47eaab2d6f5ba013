package bus

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"abraxas.dev/ers/pkg/events"
)

// streams is the table of our streams: what differs between them.
var streams = []jetstream.StreamConfig{
	{
		Name:        events.StreamWindow,
		Description: "windows requested, and what holds for them",
		Subjects:    []string{events.WindowSubjects, events.ControlSubjects, events.VoidSubject, events.HandoutSubjects},
	}, {
		Name:               events.StreamTrace,
		Description:        "trace frames of runs",
		Subjects:           []string{events.TraceSubjects},
		AllowAtomicPublish: true,
	}, {
		Name:               events.StreamDigest,
		Description:        "digests of runs",
		Subjects:           []string{events.DigestSubjects},
		AllowAtomicPublish: true,
	}, {
		Name:        events.StreamVerdict,
		Description: "verdicts on windows",
		Subjects:    []string{events.VerdictSubjects},
		RePublish: &jetstream.RePublish{
			Source:      events.VerdictSubjects,
			Destination: strings.Replace(events.GateSubjects, "*", "{{wildcard(1)}}", 1),
		},
	}, {
		Name:               events.StreamViz,
		Description:        "documents for AAL-Viz",
		Subjects:           []string{events.TrendPackSubjects, events.StabilitySubjects},
		AllowAtomicPublish: true,
	},
}

// withPromises adds what holds for every stream of ours: it is on disk, nothing is
// ever dropped from it, and single messages can be looked up. From those that hold the bulk
// of windows an administrator may purge what is archived; see events.Pruned.
func withPromises(c jetstream.StreamConfig) jetstream.StreamConfig {
	c.Retention = jetstream.LimitsPolicy
	c.Storage = jetstream.FileStorage
	c.Discard = jetstream.DiscardNew
	c.MaxMsgs, c.MaxBytes, c.MaxMsgsPerSubject, c.MaxMsgSize, c.MaxConsumers = -1, -1, -1, -1, -1
	c.DenyDelete, c.DenyPurge = true, !slices.Contains(events.PrunedStreams, c.Name) && c.Name != StreamObjects
	c.AllowDirect = true
	c.Duplicates = 100 * time.Millisecond // the least: what a server keeps of ids; see pipeline.go
	return c
}

// maxStreams is how many there are, the bucket's among them.
const maxStreams = 6

// indexOf is a stream's place in a list of maxStreams.
func indexOf(stream string) int {
	for i := range streams {
		if streams[i].Name == stream {
			return i
		}
	}
	return maxStreams - 1
}

// isOurs tells whether a stream is one of ours by its name.
func isOurs(stream string) bool {
	return slices.ContainsFunc(ours(), func(c jetstream.StreamConfig) bool { return c.Name == stream })
}

// streamOf tells which stream takes a subject.
func streamOf(subject string) (string, error) {
	for _, c := range streams {
		for _, s := range c.Subjects {
			if matches(s, subject) {
				return c.Name, nil
			}
		}
	}
	return "", fmt.Errorf("subject %q belongs to none of the streams of ERS", subject)
}

// matches tells whether a subject is one of a filter of ours, in which the tokens behind
// the first "*" are all "*".
func matches(filter, subject string) bool {
	prefix, _, wild := strings.Cut(filter, "*")
	if !wild {
		return subject == filter
	}
	return strings.HasPrefix(subject, prefix) && strings.Count(subject, ".") == strings.Count(filter, ".")
}

// objectSubjects begins the subjects of the bucket, as the NATS object store lays
// them out: M.<name in base64> has an object's entry, C.<id in the entry> its pieces.
const objectSubjects = "$O." + events.BucketObjects + "."

// objectStream is the stream behind the bucket of bulk data, as the NATS object store has
// it, but that nothing in it can be replaced or removed: what is under a SHA-256 stays.
var objectStream = jetstream.StreamConfig{
	Name:        StreamObjects,
	Description: "definitions and contexts by SHA-256",
	Subjects:    []string{objectSubjects + "C.>", objectSubjects + "M.>"},
}

// A setting is one that a promise of ours rests on. The names are those of
// `nats stream info --json`.
type setting struct {
	name  string
	value func(c *jetstream.StreamConfig) any
}

// settings are compared with what a stream has. Not among them, and so up to the
// operator: replicas, placement, compression, description, metadata, limits on
// consumers.
var settings = []setting{
	{"subjects", func(c *jetstream.StreamConfig) any {
		return strings.Join(slices.Sorted(slices.Values(c.Subjects)), " ")
	}},
	{"storage", func(c *jetstream.StreamConfig) any { return c.Storage }},
	{"persist_mode", func(c *jetstream.StreamConfig) any { return c.PersistMode }},
	{"retention", func(c *jetstream.StreamConfig) any { return c.Retention }},
	{"max_age", func(c *jetstream.StreamConfig) any { return c.MaxAge }},
	{"max_msgs", func(c *jetstream.StreamConfig) any { return c.MaxMsgs }},
	{"max_bytes", func(c *jetstream.StreamConfig) any { return c.MaxBytes }},
	{"max_msgs_per_subject", func(c *jetstream.StreamConfig) any { return c.MaxMsgsPerSubject }},
	{"max_msg_size", func(c *jetstream.StreamConfig) any { return c.MaxMsgSize }},
	{"allow_msg_ttl", func(c *jetstream.StreamConfig) any { return c.AllowMsgTTL }},
	{"allow_rollup_hdrs", func(c *jetstream.StreamConfig) any { return c.AllowRollup }},
	{"deny_delete", func(c *jetstream.StreamConfig) any { return c.DenyDelete }},
	{"deny_purge", func(c *jetstream.StreamConfig) any { return c.DenyPurge }},
	{"sealed", func(c *jetstream.StreamConfig) any { return c.Sealed }},
	{"duplicate_window", func(c *jetstream.StreamConfig) any { return c.Duplicates }},
	{"no_ack", func(c *jetstream.StreamConfig) any { return c.NoAck }},
	{"mirror", func(c *jetstream.StreamConfig) any { return c.Mirror != nil }},
	{"sources", func(c *jetstream.StreamConfig) any { return len(c.Sources) }},
	{"subject_transform", func(c *jetstream.StreamConfig) any { return c.SubjectTransform != nil }},
	{"allow_direct", func(c *jetstream.StreamConfig) any { return c.AllowDirect }},
	{"allow_atomic", func(c *jetstream.StreamConfig) any { return c.AllowAtomicPublish }},
	{"republish", func(c *jetstream.StreamConfig) any {
		if c.RePublish == nil {
			return "none"
		}
		return fmt.Sprintf("%s to %s, headers only: %t", c.RePublish.Source, c.RePublish.Destination, c.RePublish.HeadersOnly)
	}},
}
