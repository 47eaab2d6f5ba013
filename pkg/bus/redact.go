package bus

import (
	"net/url"
	"regexp"
	"strings"
)

const hidden = "xxxxx"

// userInfo is what stands between the scheme and the host of an address. It goes to the
// last @ before a space, a quote or the next address of a list: a password that was not
// escaped may hold the others.
var userInfo = regexp.MustCompile(`://[^\s"',]*@`)

// Redact hides passwords and tokens in the addresses of a text. Whatever is shown or
// logged of an address goes through it.
func Redact(text string) string {
	return userInfo.ReplaceAllStringFunc(text, func(found string) string {
		user, _, named := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(found, "://"), "@"), ":")
		if !named { // a token
			return "://" + hidden + "@"
		}
		return "://" + user + ":" + hidden + "@"
	})
}

// redacted is an error whose text shows no password.
type redacted struct {
	error
	text string
}

func (e redacted) Error() string { return e.text }
func (e redacted) Unwrap() error { return e.error }

func redactError(err error) error {
	if err == nil {
		return nil
	}
	if text := Redact(err.Error()); text != err.Error() {
		return redacted{err, text}
	}
	return err
}

// RedactURL is Redact for what names servers, where the scheme may be left out.
func RedactURL(list string) string { return Redact(withScheme(list)) }

// withScheme adds the scheme to the addresses of a list that have none.
func withScheme(list string) string {
	if list == "" || strings.HasPrefix(list, ContextScheme) {
		return list
	}
	addresses := strings.Split(list, ",")
	for i, address := range addresses {
		if address = strings.TrimSpace(address); !strings.Contains(address, "://") {
			address = "nats://" + address
		}
		addresses[i] = address
	}
	return strings.Join(addresses, ",")
}

// badAddress tells whether an address of a list cannot be read. The reason is not told,
// since it quotes what may be a password.
func badAddress(list string) bool {
	for address := range strings.SplitSeq(withScheme(list), ",") {
		if u, err := url.Parse(address); err != nil || u.Hostname() == "" {
			return true
		}
	}
	return false
}

// hideSecrets shows a list of addresses that cannot be read. A password may then hold
// anything, spaces and commas too: nothing before the last @ is shown.
func hideSecrets(list string) string {
	i := strings.LastIndex(list, "@")
	if i < 0 {
		return list
	}
	scheme, _, found := strings.Cut(list[:i], "://")
	if !found || strings.ContainsFunc(scheme, func(r rune) bool { return r < 'a' || r > 'z' }) {
		scheme = "nats"
	}
	return scheme + "://" + hidden + list[i:]
}
