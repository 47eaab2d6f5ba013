package bustest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Packet is one message of the NATS protocol on its way through a [Proxy].
type Packet struct {
	Verb           string // PUB, HPUB, SUB, MSG, HMSG …
	Subject, Reply string
	SID            string // of the subscription, where it is about one
	Header, Data   []byte
	raw            []byte
}

// readPacket reads the next one.
func readPacket(r *bufio.Reader) (*Packet, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	p := &Packet{raw: line}
	fields := strings.Fields(string(line))
	if len(fields) == 0 {
		return p, nil
	}
	p.Verb = strings.ToUpper(fields[0])
	rest := fields[1:]
	sizes := map[string]int{"PUB": 1, "HPUB": 2, "MSG": 1, "HMSG": 2}[p.Verb]
	if sizes == 0 {
		if p.Verb == "SUB" && len(rest) >= 2 {
			p.Subject, p.SID = rest[0], rest[len(rest)-1]
		}
		return p, nil
	}
	names := len(rest) - sizes
	if names < 1 {
		return nil, fmt.Errorf("not the NATS protocol: %q", line)
	}
	p.Subject = rest[0]
	next := 1
	if p.Verb == "MSG" || p.Verb == "HMSG" {
		p.SID, next = rest[1], 2
	}
	if names > next {
		p.Reply = rest[next]
	}
	header := 0
	size, err := strconv.Atoi(rest[len(rest)-1])
	if err == nil && sizes == 2 {
		header, err = strconv.Atoi(rest[len(rest)-2])
	}
	if err != nil {
		return nil, err
	}
	p.raw = append(line, make([]byte, size+2)...)
	body := p.raw[len(line):]
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	p.Header, p.Data = body[:header], body[header:size]
	return p, nil
}

// answer is what a server would send in answer to a request.
func answer(subject, sid string, header, data []byte) []byte {
	if len(header) == 0 {
		return fmt.Appendf(nil, "MSG %s %s %d\r\n%s\r\n", subject, sid, len(data), data)
	}
	return fmt.Appendf(nil, "HMSG %s %s %d %d\r\n%s%s\r\n", subject, sid, len(header), len(header)+len(data), header, data)
}

// words are those by which JetStream's API names what is asked for.
var words = []string{"INFO", "STREAM", "CONSUMER", "MSG", "NEXT", "GET", "DIRECT", "CREATE", "DELETE", "PURGE"}

// Kind says what a packet is for: "append trace", "batch digest", "stream info",
// "consumer msg next", "ack", "object piece", "delivery". It is empty for what no test
// meddles with.
func (p *Packet) Kind() string {
	if strings.HasPrefix(p.Reply, "$JS.ACK.") {
		return "delivery"
	}
	if p.Verb != "PUB" && p.Verb != "HPUB" {
		return ""
	}
	if strings.Contains(p.Subject, ".ers-probe.") {
		return "probe"
	}
	tokens := strings.Split(p.Subject, ".")
	switch {
	case strings.HasPrefix(p.Subject, "$JS.API."):
		n := slices.IndexFunc(tokens[2:], func(token string) bool { return !slices.Contains(words, token) })
		if n < 0 {
			n = len(tokens) - 2
		}
		return strings.ToLower(strings.Join(tokens[2:2+n], " "))
	case strings.HasPrefix(p.Subject, "$JS.ACK."):
		word, _, _ := bytes.Cut(p.Data, []byte(" "))
		return strings.ToLower(strings.Trim(string(word), "+-"))
	case strings.HasPrefix(p.Subject, "$O."):
		return map[string]string{"C": "object piece", "M": "object entry"}[tokens[2]]
	case tokens[0] != "ers" || p.Reply == "" && p.batch() == "":
		return ""
	case p.batch() == "":
		return "append " + tokens[1]
	case p.header("Nats-Batch-Commit") != "":
		return "commit " + tokens[1]
	}
	return "batch " + tokens[1]
}

func (p *Packet) batch() string { return p.header("Nats-Batch-Id") }

// header is the value of a header; empty when it is not there.
func (p *Packet) header(name string) string {
	_, rest, found := bytes.Cut(p.Header, []byte("\r\n"+name+":"))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return strings.TrimSpace(string(value))
}
