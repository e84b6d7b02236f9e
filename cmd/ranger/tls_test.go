package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The node serves wss:// with a certificate, and with another one from the same files
// after SIGHUP.
func TestSIGHUP_ReloadsCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	old := writeCertificate(t, cert, key)
	p := w.serve("WEBSOCKET_SSL_CERT="+cert, "WEBSOCKET_SSL_KEY="+key)
	if !strings.HasPrefix(p.ws, "wss://") {
		t.Fatalf("got address %s, want wss://", p.ws)
	}
	s := dialTLS(t, p, old)
	s.send(`{"jwt":"Bearer ` + w.token(alice) + `"}`)
	s.expect(authenticated)
	s.expect(w.order(alice, 1))

	n := len(p.log())
	renewed := writeCertificate(t, cert, key)
	p.signal(syscall.SIGHUP)
	p.awaitLogAfter(n, "certificate reloaded")
	dialTLS(t, p, renewed).send("ping")
	s.expect(w.order(alice, 2))
}

// dialTLS connects to p, whose certificate must be trusted by roots.
func dialTLS(t testing.TB, p *process, roots *x509.CertPool) *socket {
	t.Helper()
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: roots}}
	ws, res, err := d.DialContext(t.Context(), p.ws, nil)
	check(t, err)
	check(t, res.Body.Close())
	t.Cleanup(func() { _ = ws.Close() })
	s := &socket{t: t, ws: ws}
	s.read()
	return s
}

// writeCertificate writes a new certificate for 127.0.0.1 and returns a pool with only this
// certificate.
func writeCertificate(t testing.TB, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "ranger"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	check(t, os.WriteFile(certFile, certPEM, 0o600))
	check(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certPEM) {
		t.Fatal("the new certificate is invalid")
	}
	return pool
}
