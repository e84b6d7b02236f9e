package amqp_test

import (
	"crypto/tls"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/testenv"
)

// If the URL says so the node uses TLS, and only with a certificate that it trusts.
func TestSource_TLS(t *testing.T) {
	t.Parallel()
	certificate := amqptest.SelfSigned(t)
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	encrypted := amqptest.NewProxyOn(t, testenv.RabbitMQ(t), ln)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}

	cfg := newConfig(t)
	cfg.URL = strings.Replace(encrypted.URL, "amqp:", "amqps:", 1)
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
		{strings.Replace(testenv.RabbitMQ(t), "amqp:", "amqps:", 1), nil, "does not look like a TLS handshake", "does not speak TLS"},
	} {
		faulty := cfg
		faulty.URL = c.url + "/?" + c.query.Encode()
		n := startNode(t, faulty)
		l := n.awaitLog(t, c.fault)
		if got := l.attrs["advice"].(string); !strings.Contains(got, c.advice) || !strings.Contains(got, "RABBITMQ_URL") {
			t.Errorf("%s: got advice %q, want one that contains %q and RABBITMQ_URL", c.fault, got, c.advice)
		}
		n.stop(t)
	}
	for i, query := range []url.Values{
		{"cacertfile": {ca}},
		{"cacertfile": {ca}, "server_name_indication": {"broker"}},
	} {
		trusting := cfg
		trusting.Portable = i == 1
		trusting.URL += "/?" + query.Encode()
		n := startNode(t, trusting)
		n.awaitFollowing(t)
		alices := n.tap(t, alice)
		amqptest.NewPeer(t, testenv.RabbitMQ(t)).Send(cfg.Exchanges, order(1))
		alices.await(t, idText(1))
		n.stop(t)
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		demanding, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
			Certificates: []tls.Certificate{certificate},
			ClientAuth:   tls.RequireAnyClientCert, MaxVersion: version,
		})
		if err != nil {
			t.Fatal(err)
		}
		refused := cfg
		refused.URL = strings.Replace(amqptest.NewProxyOn(t, testenv.RabbitMQ(t), demanding).URL, "amqp:", "amqps:", 1) + "/?" + url.Values{"cacertfile": {ca}}.Encode()
		startNode(t, refused).awaitLog(t, "it may want a certificate")
	}
}
