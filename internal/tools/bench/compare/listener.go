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

// errNoListener says that a URL's process is not to be found: it is on another
// machine, in a container, another user's, or this is no Linux.
var errNoListener = errors.New("its process is not to be seen from here")

// listener returns the process that listens on the port of a broker's URL on this
// machine.
func listener(broker string) (bench.Process, error) {
	u, err := url.Parse(broker)
	if err != nil {
		return 0, errors.New("the broker's URL cannot be read") // which may bear a password
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

// listening returns the sockets that listen on port, as /proc names them where a
// process has them open. table is as proc_net_tcp(5) says.
func listening(table string, port int) (sockets []string) {
	const listen = "0A"
	f, err := os.Open(table) //nolint:gosec // one of two
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
