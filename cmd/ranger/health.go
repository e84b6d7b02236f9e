package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"ranger/cmd/ranger/internal/cli"
	"ranger/internal/ops"
)

type healthCommand struct {
	OpsAddr string `env:"OPS_ADDR" default:"127.0.0.1:4242" help:"Address of /readyz, with which serve runs."`
	Timeout string `default:"3s" help:"Maximum time to wait for the answer."`
}

// Help returns the text of --help that precedes the flags.
func (healthCommand) Help() string {
	return `Request /readyz of the server on this machine, at the address of OPS_ADDR, and print one line. Use it as the health check of a container.

Exit codes: 0 if the server is ready, 1 if it is not ready or does not answer, 2 for an invalid configuration.`
}

// Run reports whether the server is ready.
func (cmd healthCommand) Run(ctx context.Context, std cli.Streams) error {
	c := new(cli.Checker)
	timeout := c.Duration("--timeout", cmd.Timeout, time.Millisecond)
	if cmd.OpsAddr == "off" {
		c.Fail("OPS_ADDR", "is off: serve has no /readyz")
	} else {
		c.Address("OPS_ADDR", cmd.OpsAddr)
	}
	if err := c.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := requestReadiness(ctx, localAddress(cmd.OpsAddr))
	switch {
	case err != nil:
		return err
	case !r.Ready:
		return fmt.Errorf("not ready: %s", r.Reason)
	}
	_, err = fmt.Fprintln(std.Out, "ready")
	return err
}

// maxReadiness is the maximum size of an answer of /readyz, in bytes.
const maxReadiness = 64 << 10

// requestReadiness returns the answer of /readyz at host:port.
func requestReadiness(ctx context.Context, addr string) (ops.Readiness, error) {
	var r ops.Readiness
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
	if err != nil {
		return r, err
	}
	// Without a proxy: HTTP_PROXY is not meant for this machine.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return r, fmt.Errorf("no answer from the server: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // only read from
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		return r, fmt.Errorf("GET http://%s/readyz: status %s", addr, res.Status)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxReadiness)).Decode(&r); err != nil {
		return r, fmt.Errorf("GET http://%s/readyz: invalid answer: %w", addr, err)
	}
	return r, nil
}

// localAddress returns an address to which this machine can connect for one on which a
// server listens: an unspecified host becomes a loopback address.
func localAddress(listen string) string {
	host, port, _ := net.SplitHostPort(listen) // checked before
	switch ip, err := netip.ParseAddr(host); {
	case host == "":
		host = "localhost"
	case err == nil && ip.IsUnspecified() && ip.Is4():
		host = "127.0.0.1"
	case err == nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
