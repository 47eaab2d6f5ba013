package authdir

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"github.com/nats-io/nkeys"

	"abraxas.dev/ers/internal/auth"
	"abraxas.dev/ers/pkg/bus"
)

// newSeed makes the key of a role. Its file says what else a command must know of it.
func newSeed(tenant string, r auth.Role) (public string, file []byte, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", nil, err
	}
	defer pair.Wipe()
	if public, err = pair.PublicKey(); err != nil {
		return "", nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return "", nil, err
	}
	return public, fmt.Appendf(nil, "# ERS, %s of %s: %s. Whoever has this file is that.\n%s%s\n%s\n", r, tenant, r.About(), bus.InboxLine, r.Inbox(), seed), nil
}

// validity of certificates. They say by which machines and roles the server may be
// spoken to; what each may do hangs on its NKey, which is taken away in accounts.conf.
const validity = 10 * 365 * 24 * time.Hour

// pair is a certificate and its key, in PEM.
type pair struct{ cert, key []byte }

// authority signs certificates.
type authority struct {
	pair
	now    time.Time
	parsed *x509.Certificate
	signer *ecdsa.PrivateKey
}

func newAuthority(now time.Time) (*authority, error) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{now: now, signer: signer}
	a.parsed = a.template("ers authority")
	a.parsed.IsCA, a.parsed.BasicConstraintsValid, a.parsed.MaxPathLenZero = true, true, true
	a.parsed.KeyUsage = x509.KeyUsageCertSign
	if a.pair, err = a.sign(a.parsed, signer); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(a.cert)
	a.parsed, err = x509.ParseCertificate(block.Bytes)
	return a, err
}

// readAuthority reads one that was made before.
func readAuthority(certFile, keyFile string, now time.Time) (*authority, error) {
	loaded, err := tls.LoadX509KeyPair(certFile, keyFile) // and holds them against each other
	if err != nil {
		return nil, err
	}
	signer, ok := loaded.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: it is not a key that `ers auth init` made", keyFile)
	}
	cert, err := os.ReadFile(certFile)
	return &authority{pair: pair{cert: cert}, now: now, parsed: loaded.Leaf, signer: signer}, err
}

// issue makes a certificate: of a server for its hosts, of a client where there are none.
func (a *authority) issue(name string, hosts []string) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	t := a.template(name)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(hosts) > 0 {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	slices.Sort(hosts)
	for _, host := range slices.Compact(hosts) {
		if ip := net.ParseIP(host); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else if host != "" {
			t.DNSNames = append(t.DNSNames, host)
		}
	}
	return a.sign(t, key)
}

func (a *authority) template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // never fails
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: a.now.Add(-time.Hour), NotAfter: a.now.Add(validity)} // clocks differ a little
}

func (a *authority) sign(t *x509.Certificate, key *ecdsa.PrivateKey) (p pair, err error) {
	cert, err := x509.CreateCertificate(rand.Reader, t, a.parsed, &key.PublicKey, a.signer)
	if err != nil {
		return p, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return p, err
	}
	return pair{inPEM("CERTIFICATE", cert), inPEM("PRIVATE KEY", private)}, nil
}

func inPEM(kind string, data []byte) []byte {
	var text bytes.Buffer
	_ = pem.Encode(&text, &pem.Block{Type: kind, Bytes: data}) // a buffer takes all
	return text.Bytes()
}
