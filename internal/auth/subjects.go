package auth

import (
	"slices"
	"strings"

	"abraxas.dev/ers/pkg/events"
)

const (
	api  = "$JS.API."
	acks = "$JS.ACK."
)

// Publish returns the filters of the subjects that the role may publish on.
func (r Role) Publish() []string {
	d := r.duties()
	if d.all {
		return []string{"ers.>", objectSubjects + ">", api + ">", acks + ">", "$SRV.>"}
	}
	list := slices.Clone(d.writes)
	if len(d.reads) > 0 { // who connects looks whether all streams are as they must be
		list = append(list, api+"INFO")
		for _, s := range streams {
			list = append(list, api+"STREAM.INFO."+s)
		}
	}
	for _, s := range d.reads {
		list = append(list, api+"STREAM.MSG.GET."+s, api+"DIRECT.GET."+s)
	}
	for _, s := range d.consumes {
		list = append(list, api+"CONSUMER.CREATE."+s+".>", api+"CONSUMER.MSG.NEXT."+s+".*", api+"CONSUMER.DELETE."+s+".*")
	}
	if d.queue {
		list = append(list, api+"CONSUMER.INFO."+events.StreamWindow+".*", acks+events.StreamWindow+".>")
	}
	if d.asks {
		list = append(list, asked...)
	}
	return list
}

// asked are the subjects on which services answer.
var asked = []string{"$SRV.PING.>", "ers.stats.*", "ers.health.*"}

// Subscribe returns the filters of the subjects that the role may subscribe to.
func (r Role) Subscribe() []string {
	d := r.duties()
	list := append([]string{r.Inbox() + ".>"}, d.hears...)
	switch {
	case d.all: // it runs services too, as `ers up` does
		return append(list, "ers.>", "$SRV.>", objectSubjects+">")
	case d.serves != "":
		for _, verb := range []string{"PING", "INFO", "STATS"} {
			list = append(list, "$SRV."+verb, "$SRV."+verb+"."+d.serves, "$SRV."+verb+"."+d.serves+".*")
		}
		list = append(list, "ers.stats."+d.serves, "ers.health."+d.serves)
	}
	return list
}

// MayPublish tells whether the role may publish on a subject.
func (r Role) MayPublish(subject string) bool { return matchesAny(r.Publish(), subject) }

// MaySubscribe tells whether the role may subscribe to a subject, which may be a filter.
func (r Role) MaySubscribe(subject string) bool { return matchesAny(r.Subscribe(), subject) }

// WhoPublishes are the roles that may publish on a subject.
func WhoPublishes(subject string) []Role {
	return slices.DeleteFunc(Roles(), func(r Role) bool { return !r.MayPublish(subject) })
}

// WhoSubscribes are the roles that may subscribe to a subject.
func WhoSubscribes(subject string) []Role {
	return slices.DeleteFunc(Roles(), func(r Role) bool { return !r.MaySubscribe(subject) })
}

// SeveralAnswers tells whether requests on a subject get more than one answer.
func SeveralAnswers(subject string) bool {
	return strings.HasPrefix(subject, api+"DIRECT.GET.") || slices.Contains(asked, subject)
}

func matchesAny(filters []string, subject string) bool {
	return slices.ContainsFunc(filters, func(f string) bool { return matches(f, subject) })
}

// matches tells whether a filter takes in a subject, or all that another filter does.
func matches(filter, subject string) bool {
	f, s := strings.Split(filter, "."), strings.Split(subject, ".")
	for i, token := range f {
		switch {
		case i >= len(s):
			return false
		case token == ">":
			return true
		case token == "*" && s[i] != ">", token == s[i]:
		default:
			return false
		}
	}
	return len(f) == len(s)
}
