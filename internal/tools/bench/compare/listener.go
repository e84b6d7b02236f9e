package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ranger/internal/tools/bench"
)

// errNoListener reports that the broker's process cannot be found: it runs on another
// machine, in a container or as another user, or this is not Linux.
var errNoListener = errors.New("the broker's process is not visible from here")

// listener returns the process on this machine that listens on the port of a broker's
// URL.
func listener(broker string) (bench.Process, error) {
	u, err := url.Parse(broker)
	if err != nil {
		return 0, errors.New("RABBITMQ_URL: must be a URL") // not quoted: it may contain a password
	}
	ip := net.ParseIP(u.Hostname())
	port, err := strconv.Atoi(u.Port())
	if err != nil || (u.Hostname() != "localhost" && !ip.IsLoopback()) {
		return 0, errNoListener
	}
	sockets := slices.Concat(listening("/proc/net/tcp", port), listening("/proc/net/tcp6", port))
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, d := range descriptors {
		if to, err := os.Readlink(d); err == nil && slices.Contains(sockets, to) {
			return pidOf(d)
		}
	}
	return 0, errNoListener
}

func pidOf(descriptor string) (bench.Process, error) {
	pid, err := strconv.Atoi(strings.Split(descriptor, "/")[2])
	return bench.Process(pid), err
}

// listening returns the sockets that listen on port, in the form of the links in
// /proc/PID/fd. table is in the format of proc_net_tcp(5).
func listening(table string, port int) (sockets []string) {
	const listen = "0A"
	f, err := os.Open(table) //nolint:gosec // one of two constants
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	suffix := fmt.Sprintf(":%04X", port)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if c := strings.Fields(lines.Text()); len(c) > 9 && c[3] == listen && strings.HasSuffix(c[1], suffix) {
			sockets = append(sockets, "socket:["+c[9]+"]")
		}
	}
	return sockets
}
