package amqp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// A broker is spoken to with TLS where the URL says so, and only where its
// certificate is one that is trusted.
func TestTLS(t *testing.T) {
	t.Parallel()
	certificate := selfSigned(t)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	encrypted := newProxyOn(t, testenv.RabbitMQ(t), ln)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}

	cfg := newConfig(t, testenv.RabbitMQ(t))
	cfg.URL = strings.Replace(encrypted.url, "amqp:", "amqps:", 1)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url           string
		query         url.Values
		fault, advice string
	}{
		{cfg.URL, nil, "certificate signed by unknown authority", "is not trusted"},
		{cfg.URL, url.Values{"cacertfile": {ca}, "server_name_indication": {"another"}}, "not another", "for another name"},
		{cfg.URL, url.Values{"cacertfile": {empty}}, "no certificate in " + empty, "check cacertfile"},
		{cfg.URL, url.Values{"cacertfile": {empty + ".absent"}}, "no such file", "check cacertfile"},
		{strings.Replace(testenv.RabbitMQ(t), "amqp:", "amqps:", 1), nil, "does not look like a TLS handshake", "speaks no TLS"},
	} {
		faulty := cfg
		faulty.URL = c.url + "/?" + c.query.Encode()
		n := startNode(t, faulty)
		l := n.awaitLog(t, c.fault)
		if got := l.attrs["advice"].(string); !strings.Contains(got, c.advice) || !strings.Contains(got, "RABBITMQ_URL") {
			t.Errorf("the advice about %q is %q, want %q in it", c.fault, got, c.advice)
		}
		n.stop(t)
	}
	for _, query := range []url.Values{
		{"cacertfile": {ca}},
		{"cacertfile": {ca}, "server_name_indication": {"broker"}},
	} {
		trusting := cfg
		trusting.URL += "/?" + query.Encode()
		n := startNode(t, trusting)
		n.awaitFollowing(t)
		alices := n.tap(t, alice)
		newPeer(t, testenv.RabbitMQ(t)).send(cfg, order(1))
		alices.await(t, idText(1))
		n.stop(t)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		choosy, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
			Certificates: []tls.Certificate{certificate},
			ClientAuth:   tls.RequireAnyClientCert, MaxVersion: version,
		})
		if err != nil {
			t.Fatal(err)
		}
		refused := cfg
		refused.URL = strings.Replace(newProxyOn(t, testenv.RabbitMQ(t), choosy).url, "amqp:", "amqps:", 1) + "/?" + url.Values{"cacertfile": {ca}}.Encode()
		startNode(t, refused).awaitLog(t, "it may want a certificate")
	}
}

// selfSigned returns a certificate of a broker at 127.0.0.1.
func selfSigned(tb testing.TB) tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"broker"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
