package amqp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	amqp091 "github.com/rabbitmq/amqp091-go"
)

// The advice for faults of TLS.
const (
	badFile    = "check cacertfile, certfile and keyfile in RABBITMQ_URL: they name PEM files that ranger may read"
	notTrusted = "the broker's certificate is not trusted: name the file of its authority by ?cacertfile= in RABBITMQ_URL"
	otherName  = "the broker's certificate is for another name: use that in RABBITMQ_URL, or name it by ?server_name_indication= there"
	notTLS     = "who listens there speaks no TLS: check the port in RABBITMQ_URL (RabbitMQ's is 5671), or begin it with amqp://"
	notLetIn   = "the broker ended the TLS handshake: it may want a certificate (certfile and keyfile in RABBITMQ_URL), or trust another one"
)

// encrypt speaks TLS over c as the URI says (RabbitMQ, "URI Query Parameters").
func encrypt(ctx context.Context, c net.Conn, uri amqp091.URI) (net.Conn, error) {
	cfg, err := tlsConfig(uri)
	if err != nil {
		return nil, &topologyError{err, badFile}
	}
	t := tls.Client(c, cfg)
	return t, t.HandshakeContext(ctx)
}

func tlsConfig(uri amqp091.URI) (*tls.Config, error) {
	cfg := &tls.Config{ServerName: cmp.Or(uri.ServerName, uri.Host), MinVersion: tls.VersionTLS12}
	if uri.CACertFile != "" {
		pem, err := os.ReadFile(uri.CACertFile)
		if err != nil {
			return nil, fmt.Errorf("read the broker's cacertfile: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the broker's cacertfile: there is no certificate in %s", uri.CACertFile)
		}
	}
	if uri.CertFile != "" && uri.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(uri.CertFile, uri.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read certfile and keyfile for the broker: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// tlsAdvice says what an operator can do about a connection that ended with err
// before it was open; it is empty where TLS is not to blame.
func tlsAdvice(err error) string {
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return otherName
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return notTrusted
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return notTLS
	}
	// In TLS 1.3 it comes after the handshake, and the library keeps the words alone.
	if strings.Contains(err.Error(), "remote error: tls: ") {
		return notLetIn
	}
	return ""
}
