package conn_test

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ranger/internal/amqp/internal/amqptest"
	"ranger/internal/amqp/internal/conn"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/testenv"
)

// TLS is used if the URL says so, and only with a certificate that is trusted.
// Each failure has its own advice.
func TestDial_UsesTLS(t *testing.T) {
	t.Parallel()
	certificate := amqptest.SelfSigned(t)
	tlsBroker := func(cfg *tls.Config) string {
		cfg.Certificates = []tls.Certificate{certificate}
		ln := tls.NewListener(listen(t), cfg)
		serve(t, ln, new(frametest.Broker).Serve)
		return "amqps://" + ln.Addr().String()
	}
	plain := listen(t)
	serve(t, plain, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 8))
		_, _ = c.Write([]byte("AMQP\x00\x00\x09\x01")) // the answer to another protocol
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	})
	ca := writeFile(t, "ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}))
	empty := writeFile(t, "empty.pem", []byte("no certificate"))
	trusted := tlsBroker(&tls.Config{})
	wantsCertificate := func(version uint16) string {
		return tlsBroker(&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: version})
	}
	for name, c := range map[string]struct {
		url          string
		query        url.Values
		want, advice string // empty: it opens
	}{
		"trusted":                  {trusted, url.Values{"cacertfile": {ca}}, "", ""},
		"trusted by another name":  {trusted, url.Values{"cacertfile": {ca}, "server_name_indication": {"broker"}}, "", ""},
		"not trusted":              {trusted, nil, "certificate signed by unknown authority", "is not trusted"},
		"for another name":         {trusted, url.Values{"cacertfile": {ca}, "server_name_indication": {"another"}}, "not another", "for another name"},
		"cacertfile is empty":      {trusted, url.Values{"cacertfile": {empty}}, "no certificate in " + empty, "check cacertfile"},
		"cacertfile is missing":    {trusted, url.Values{"cacertfile": {empty + ".missing"}}, "no such file", "check cacertfile"},
		"certfile is missing":      {trusted, url.Values{"certfile": {empty}, "keyfile": {empty + ".missing"}}, "no such file", "check cacertfile"},
		"not TLS":                  {"amqps://" + plain.Addr().String(), nil, "does not look like a TLS handshake", "does not speak TLS"},
		"certificate wanted (1.2)": {wantsCertificate(tls.VersionTLS12), url.Values{"cacertfile": {ca}}, "", "it may want a certificate"},
		"certificate wanted (1.3)": {wantsCertificate(tls.VersionTLS13), url.Values{"cacertfile": {ca}}, "", "it may want a certificate"},
	} {
		dial := func() error {
			broker, err := conn.Dial(t.Context(), c.url+"/?"+c.query.Encode(), conn.Options{Timeouts: patient()})
			if err == nil {
				broker.Close()
			}
			return err
		}
		err := dial()
		if strings.HasPrefix(name, "certificate wanted") { // the refusal may come when the library has failed to write
			testenv.Eventually(t, "the error is the broker's refusal", func() bool {
				err = dial()
				return err == nil || strings.Contains(err.Error(), "remote error: tls: ")
			})
		}
		if c.advice == "" {
			if err != nil {
				t.Errorf("%s: got %v, want a connection", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
			continue
		}
		if got := conn.Advice(err); !strings.Contains(got, c.advice) || !strings.Contains(got, "RABBITMQ_URL") {
			t.Errorf("%s: advice about %v is %q, want %q and RABBITMQ_URL in it", name, err, got, c.advice)
		}
	}
}

func writeFile(t *testing.T, name string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
