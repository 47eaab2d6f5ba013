// Package auth is the one table of who may do what on the bus: the roles, and the
// subjects that each may publish and subscribe to. The configuration of the server
// (package authdir), the matrix in docs/security.md and what an error says about a
// refusal are made of it.
//
// A subject that a request names for its answer is not checked by the server, and an
// answer that lands on a stream's subject is stored there. So who writes no stream, or
// only requests, lives in an account of its own, and reaches the streams by imports
// alone: an answer stays in that account. See [Role.Apart].
package auth

import (
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

// Role is what somebody is to ERS.
type Role string

const (
	Administrator Role = "administrator"
	Coordinator   Role = "coordinator"
	Hasher        Role = "hasher"
	Gate          Role = "gate"
	Submitter     Role = "submitter"
	Viewer        Role = "viewer"
	Alert         Role = "alert"
	Auditor       Role = "auditor"
)

// duties is what a role does. From it follows what it may.
type duties struct {
	role  Role
	about string
	apart bool // see Role.Apart

	writes   []string // subjects of documents and objects
	reads    []string // streams, message by message
	consumes []string // streams, in a row: consumers of its own
	queue    bool     // takes windows from the coordinators' queue
	hears    []string // live
	asks     bool     // services, whether they are there and how they are
	serves   string   // its name as a service
	all      bool     // everything that ERS has on the bus
}

const objectSubjects = "$O." + events.BucketObjects + "."

// Objects is the stream behind the object store.
const Objects = "OBJ_" + events.BucketObjects

var (
	documents = []string{events.StreamWindow, events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamViz}
	streams   = append(slices.Clone(documents), Objects)
	objects   = []string{objectSubjects + "C.*", objectSubjects + "M.*"}

	liveSubjects = []string{events.WindowSubjects, events.ControlSubjects, events.VoidSubject, events.HandoutSubjects, events.TraceSubjects,
		events.DigestSubjects, events.VerdictSubjects, events.GateSubjects, events.TrendPackSubjects, events.StabilitySubjects}
)

// table is who does what. The order is that of the documents.
var table = []duties{
	{role: Administrator, about: "creates streams, accepts, cancels, repairs, prunes", all: true},
	{role: Coordinator, about: "runs windows, and records their ticks",
		writes: append([]string{events.TraceSubjects, "ers.control.taken.*.*", events.HandoutSubjects}, objects...),
		reads:  streams, consumes: []string{events.StreamTrace, events.StreamWindow, Objects}, queue: true, asks: true, serves: "ers-coordinator"},
	{role: Hasher, about: "hashes what is recorded",
		writes: []string{events.DigestSubjects},
		reads:  documents, consumes: []string{events.StreamTrace, events.StreamDigest}, asks: true, serves: "ers-hasher"},
	{role: Gate, about: "judges windows, and feeds viewers",
		writes: append([]string{events.VerdictSubjects, events.TrendPackSubjects, events.StabilitySubjects}, objects...),
		reads:  streams, consumes: []string{events.StreamTrace, events.StreamDigest, events.StreamVerdict, events.StreamViz, Objects}, asks: true, serves: "ers-gate"},
	{role: Submitter, about: "asks for windows, and waits for their verdicts", apart: true,
		writes: append([]string{events.WindowSubjects}, objects...),
		reads:  streams, hears: []string{events.DigestSubjects, events.VerdictSubjects, events.GateSubjects}, asks: true},
	{role: Viewer, about: "looks at everything, and changes nothing", apart: true,
		reads: streams, hears: liveSubjects, asks: true},
	{role: Alert, about: "hears the verdicts, and looks up those that it missed", apart: true,
		reads: []string{events.StreamVerdict}, hears: []string{events.GateSubjects}},
	{role: Auditor, about: "computes everything again from the streams", apart: true,
		reads: streams},
}

// Roles are all of them, in the order of the documents.
func Roles() []Role {
	list := make([]Role, len(table))
	for i, d := range table {
		list[i] = d.role
	}
	return list
}

// RoleOf returns the role whose answers come on subjects that begin with a prefix.
func RoleOf(inboxPrefix string) (Role, bool) {
	name, ok := strings.CutPrefix(inboxPrefix, inbox)
	return Role(name), ok && slices.Contains(Roles(), Role(name))
}

const inbox = "_INBOX_"

// Inbox begins the subjects of the role's answers.
func (r Role) Inbox() string { return inbox + string(r) }

// About says what the role does.
func (r Role) About() string { return r.duties().about }

// Apart tells whether the role has an account of its own, beside that of the streams.
func (r Role) Apart() bool { return r.duties().apart }

// Serves tells whether the role answers requests of others.
func (r Role) Serves() bool { return r.duties().serves != "" || r.duties().all }

// Consumes tells whether the role may have consumers on a stream. Who may not reads it
// message by message.
func (r Role) Consumes(stream string) bool {
	d := r.duties()
	return d.all || slices.Contains(d.consumes, stream)
}

func (r Role) duties() *duties {
	for i := range table {
		if table[i].role == r {
			return &table[i]
		}
	}
	return new(duties)
}
