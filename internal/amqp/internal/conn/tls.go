package conn

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

// The advice for TLS that fails.
const (
	adviceFile       = "check cacertfile, certfile and keyfile in RABBITMQ_URL: each must name a PEM file that ranger may read"
	adviceNotTrusted = "the broker's certificate is not trusted: name its authority's file with ?cacertfile= in RABBITMQ_URL"
	adviceOtherName  = "the broker's certificate is for another name: use that in RABBITMQ_URL, or give it with ?server_name_indication="
	adviceNotTLS     = "that port does not speak TLS: check the port in RABBITMQ_URL (RabbitMQ's is 5671), or begin the URL with amqp://"
	adviceRejected   = "the broker ended the TLS handshake: it may want a certificate (certfile and keyfile in RABBITMQ_URL), or trust another one"
)

// startTLS returns a TLS session over c, set up as the URI says (RabbitMQ, "URI
// Query Parameters").
func startTLS(ctx context.Context, c net.Conn, uri amqp091.URI) (net.Conn, error) {
	cfg, err := tlsConfig(uri)
	if err != nil {
		return nil, WithAdvice(err, adviceFile)
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
			return nil, fmt.Errorf("read the broker's cacertfile: no certificate in %s", uri.CACertFile)
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

// tlsAdvice returns what an operator can do about a connection that ended with err
// before it was open, or the empty string if TLS is not the cause.
func tlsAdvice(err error) string {
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return adviceOtherName
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return adviceNotTrusted
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return adviceNotTLS
	}
	// In TLS 1.3 it comes after the handshake, and the library keeps only the text.
	if strings.Contains(err.Error(), "remote error: tls: ") {
		return adviceRejected
	}
	return ""
}
