package bus

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/natscontext"
)

// ErrAway says that the server, or something of ours that should be on it, is not there
// or does not let us in. It may be, later: it is worth to try again.
var ErrAway = errors.New("not there")

// away marks an error as ErrAway.
type away struct{ error }

func (e away) Unwrap() error        { return e.error }
func (e away) Is(target error) bool { return target == ErrAway }

// Dial connects to the server and looks at no stream: the bus that it returns is for
// what is heard live, and needs no JetStream.
func Dial(c Config) (*Bus, error) {
	b := newBus(c)
	if err := b.dial(c); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// dial connects, and sets where JetStream is.
func (b *Bus) dial(c Config) (err error) {
	b.apiPrefix = jetstream.DefaultAPIPrefix
	c.URL = withScheme(c.URL)
	name, isContext := strings.CutPrefix(c.URL, ContextScheme)
	switch {
	case b.server != nil:
		c.Identity = Identity{} // it is for a server elsewhere
		b.nc, err = nats.Connect("", append(b.connOptions(c), nats.InProcessServer(b.server))...)
	case c.URL == "":
		return errors.New("no NATS server given: name one by its URL")
	case c.Identity.check() != nil:
		return c.Identity.check()
	case isContext:
		return b.dialContext(c, name)
	case badAddress(c.URL):
		return fmt.Errorf("%s is not an address of a NATS server: want nats://HOST:PORT; in a password, characters other than letters and digits are written as %%2F and so on", hideSecrets(c.URL))
	default:
		var who []nats.Option
		if who, err = c.Identity.options(); err != nil {
			return err
		}
		b.nc, err = nats.Connect(c.URL, append(who, b.connOptions(c)...)...)
	}
	return explainConnect(c.URL, err)
}

func (b *Bus) dialContext(c Config, name string) error {
	found, err := loadContext(name)
	if err != nil {
		return err
	}
	who, err := c.Identity.options()
	if err != nil {
		return err
	}
	if badAddress(found.URL) {
		return found.refuse("url", fmt.Sprintf("is %s, which is not an address of a NATS server", hideSecrets(found.URL)))
	}
	switch {
	case found.JSDomain != "":
		b.apiPrefix = "$JS." + found.JSDomain + ".API."
		b.where = fmt.Sprintf("the JetStream domain %s (jetstream_domain of %s)", found.JSDomain, found.path)
	case found.JSAPIPrefix != "":
		b.apiPrefix = strings.TrimSuffix(found.JSAPIPrefix, ".") + "."
		b.where = fmt.Sprintf("JetStream's API under %s (jetstream_api_prefix of %s)", found.JSAPIPrefix, found.path)
	}
	b.nc, _, err = natscontext.Connect(found.path, slices.Concat(found.options(), who, b.connOptions(c))...)
	if err != nil {
		if proxy := found.proxyError(); proxy != nil {
			return away{proxy}
		}
	}
	return explainConnect(fmt.Sprintf("%s (%s%s)", found.URL, ContextScheme, name), err)
}

func (b *Bus) connOptions(c Config) []nats.Option {
	opts := []nats.Option{
		nats.Name(c.Name),
		nats.Timeout(apiTimeout), // as for every other answer
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100 * time.Millisecond),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			b.breaks.Add(1)
			if err != nil { // nil is our own Close
				b.troubles.note(connection, fmt.Errorf("lost, and tried again: %w", err))
				c.Log.Warn().Err(redactError(err)).Str("server", Redact(nc.ConnectedUrl())).Msg("connection to NATS lost, reconnecting")
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			b.troubles.clear(connection)
			c.Log.Info().Str("server", Redact(nc.ConnectedUrl())).Msg("connected to NATS again")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) { b.asyncError(err) }),
	}
	if c.Token != "" {
		opts = append(opts, nats.Token(c.Token))
	}
	if prefix := cmp.Or(c.InboxPrefix, c.Identity.inboxPrefix()); prefix != "" {
		opts = append(opts, nats.CustomInboxPrefix(prefix))
	}
	return opts
}

func explainConnect(url string, err error) error {
	if err == nil {
		return nil
	}
	url, err = Redact(url), redactError(err)
	_, unreachable := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired):
		return away{fmt.Errorf("the NATS server at %s does not let us in: %w; check user, password or token in its address, or the file that says who we are (--creds, --nkey, or NATS_CREDS, NATS_NKEY)", url, err)}
	case isTLS(err):
		return away{fmt.Errorf("the NATS server at %s: %w; name the certificates of its authority with --tls-ca, and where it asks for one our own with --tls-cert and --tls-key", url, err)}
	case unreachable, errors.Is(err, nats.ErrNoServers), errors.Is(err, nats.ErrTimeout), errors.Is(err, io.EOF): // it may end while we talk
		return away{fmt.Errorf("no NATS server at %s: %w; check the address, or start one with `ers up`", url, err)}
	}
	return fmt.Errorf("connect to NATS at %s: %w", url, err)
}

// isTLS tells whether a server was not known, or did not know us, by its certificate.
func isTLS(err error) bool {
	_, unknown := errors.AsType[*tls.CertificateVerificationError](err)
	_, refused := errors.AsType[tls.AlertError](err)
	return unknown || refused || strings.Contains(err.Error(), "tls: ")
}

// The first version of nats-server that has what we need: atomic batches.
const minMajor, minMinor = 2, 12

// checkServer refuses a server that cannot do what we need.
func (b *Bus) checkServer() error {
	version := b.nc.ConnectedServerVersion()
	if major, minor, ok := parseVersion(version); ok && (major < minMajor || major == minMajor && minor < minMinor) {
		return fmt.Errorf("the NATS server at %s is nats-server %s, which is too old: at least %d.%d is needed", b.URL(), version, minMajor, minMinor)
	}
	if most := b.nc.MaxPayload(); most < minPayload {
		return fmt.Errorf("the server takes messages of at most %d bytes: set its max_payload to at least %d, the default", most, minPayload)
	}
	return nil
}

func parseVersion(version string) (major, minor int, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return 0, 0, false
	}
	major, err := strconv.Atoi(parts[0])
	if err != nil {
		return 0, 0, false
	}
	minor, err = strconv.Atoi(parts[1])
	return major, minor, err == nil
}

// useJetStream finds JetStream and the name of its domain.
func (b *Bus) useJetStream(ctx context.Context) (err error) {
	if b.js, err = jetstream.NewWithAPIPrefix(b.nc, strings.TrimSuffix(b.apiPrefix, "."), jetstream.WithPublishAsyncTimeout(ackTimeout)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	ctx, done := b.heed(ctx, b.apiPrefix+"INFO")
	defer done()
	info, err := b.js.AccountInfo(ctx)
	refused, _ := errors.AsType[*RefusedError](heeded(ctx, err))
	switch {
	case err == nil:
		b.domain.Store(&info.Domain)
	case refused != nil && refused.answers:
		return away{refused}
	case !isAbsent(err):
		// Not everybody may ask this. The first acknowledgement then tells the domain.
	case b.where != "":
		return away{fmt.Errorf("nothing answers in %s: %w%s", b.where, err, b.otherDomain(ctx))}
	default:
		return away{fmt.Errorf("the NATS server runs without JetStream: %w; enable it with a jetstream block in its configuration, or start it with -js", err)}
	}
	return nil
}

// isAbsent tells whether an error says that there is no JetStream.
func isAbsent(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount)
}

// otherDomain says what JetStream there is where none is named.
func (b *Bus) otherDomain(ctx context.Context) string {
	js, err := jetstream.New(b.nc)
	if err != nil {
		return ""
	}
	info, err := js.AccountInfo(ctx)
	switch {
	case err != nil:
		return ""
	case info.Domain == "":
		return "; the server that answered has JetStream, in no domain"
	}
	return "; the server that answered is in the domain " + info.Domain
}
