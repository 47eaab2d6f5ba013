package bustest

import (
	"encoding/json"
	"strings"
)

// acks notes which messages a server has acknowledged.
type acks struct {
	asked   map[string][]Acked // by the subject of the answer: one message, or all of a batch
	batches map[string][]Acked // by the name of the batch, until its commit
	list    []Acked
}

// sent takes what a client publishes.
func (a *acks) sent(m *Packet) {
	if !strings.HasPrefix(m.Subject, "ers.") {
		return
	}
	list := []Acked{{Subject: m.Subject, Data: m.Data}}
	if id := m.batch(); id != "" {
		list = append(a.batches[id], list...)
		if m.header("Nats-Batch-Commit") == "" {
			a.batches[id] = list
			return
		}
		delete(a.batches, id)
	}
	if m.Reply != "" {
		a.asked[m.Reply] = list
	}
}

// answered takes what the server says.
func (a *acks) answered(m *Packet) {
	list, ok := a.asked[m.Subject]
	if !ok {
		return
	}
	delete(a.asked, m.Subject)
	var said struct {
		Stream string
		Seq    uint64
		Error  any
	}
	if json.Unmarshal(m.Data, &said) != nil || said.Error != nil || said.Seq == 0 {
		return
	}
	for i, one := range list {
		one.Stream, one.Seq = said.Stream, said.Seq-uint64(len(list)-1-i)
		a.list = append(a.list, one)
	}
}
