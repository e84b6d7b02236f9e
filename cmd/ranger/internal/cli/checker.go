package cli

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ConfigError is an invalid configuration: one problem per line.
type ConfigError []string

// Error returns all problems, each by the name of its variable.
func (e ConfigError) Error() string {
	if len(e) == 1 {
		return "invalid configuration: " + e[0]
	}
	return "invalid configuration:\n  " + strings.Join(e, "\n  ")
}

// Checker converts raw values into typed ones and collects all problems, so that they
// are reported together. Its methods take the name of a variable and its raw value; the
// result of an invalid value is unspecified.
type Checker struct{ problems ConfigError }

// Fail adds a problem with a variable.
func (c *Checker) Fail(name, format string, args ...any) {
	c.problems = append(c.problems, name+": "+fmt.Sprintf(format, args...))
}

// Problems returns the number of problems so far.
func (c *Checker) Problems() int { return len(c.problems) }

// Err returns all problems as a ConfigError, or nil.
func (c *Checker) Err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return c.problems
}

// Text accepts anything that is not blank.
func (c *Checker) Text(name, raw string) string {
	if strings.TrimSpace(raw) == "" {
		c.Fail(name, "must not be blank")
	}
	return raw
}

// OneOf accepts one of the values.
func (c *Checker) OneOf(name, raw string, values ...string) {
	if !slices.Contains(values, raw) {
		c.Fail(name, "%q: must be one of %s", raw, strings.Join(values, ", "))
	}
}

// Flag accepts a boolean.
func (c *Checker) Flag(name, raw string) bool {
	v, err := strconv.ParseBool(raw)
	if err != nil {
		c.Fail(name, "%q: must be true or false", raw)
	}
	return v
}

// Number accepts an integer from least to most.
func (c *Checker) Number(name, raw string, least, most int) int {
	n, err := strconv.Atoi(raw)
	if err != nil || n < least || n > most {
		c.Fail(name, "%q: must be a whole number from %d to %d", raw, least, most)
	}
	return n
}

// Duration accepts a Go duration that is not less than least.
func (c *Checker) Duration(name, raw string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(raw)
	if err != nil || d < least {
		c.Fail(name, "%q: must be a duration of at least %s, such as 30s, 15m or 6h", raw, least)
	}
	return d
}

// Leeway accepts a Go duration, or plain seconds as Peatio does.
func (c *Checker) Leeway(name, raw string) time.Duration {
	if n, err := strconv.ParseUint(raw, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	d, err := time.ParseDuration(raw)
	if err != nil || d < 0 {
		c.Fail(name, "%q: must be seconds, such as 180, or a duration, such as 3m", raw)
	}
	return d
}

// Size accepts a number of bytes that is not less than least.
func (c *Checker) Size(name, raw string, least int64) int64 {
	number, factor := raw, int64(1)
	for unit, f := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if n, ok := strings.CutSuffix(raw, unit); ok {
			number, factor = strings.TrimSpace(n), f
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > (1<<50)/factor || n*factor < least {
		c.Fail(name, "%q: must be a size of at least %d bytes, such as 65536, 64KiB, 256MiB or 1GiB", raw, least)
		return least
	}
	return n * factor
}

// Host accepts a host name or an IP address, without port and brackets.
func (c *Checker) Host(name, raw string) string {
	if !validHost(raw) {
		c.Fail(name, "%q: must be a host name or IP address without port and brackets, such as localhost, 10.0.0.7 or ::1", raw)
	}
	return raw
}

// Hosts accepts a comma-separated list of host names or IP addresses, each with or without
// a port. It returns each with its port, which is port if it has none.
func (c *Checker) Hosts(name, raw string, port int) []string {
	hosts := SplitList(raw)
	if len(hosts) == 0 {
		c.Fail(name, "%q: must name at least one host", raw)
	}
	for i, host := range hosts {
		if h, p, err := net.SplitHostPort(host); err == nil && validPort(p) && p != "" && validHost(h) {
			continue
		}
		if bare := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"); validHost(bare) {
			hosts[i] = net.JoinHostPort(bare, strconv.Itoa(port))
			continue
		}
		c.Fail(name, "%q: must be a host name or IP address, with or without a port, such as localhost, 10.0.0.7:5672 or [::1]:5672; or several with commas between them", host)
	}
	return hosts
}

// validHost reports whether host is a host name or an IP address, without brackets.
func validHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil || host != "" && !strings.ContainsAny(host, ":[]/@ \t")
}

// Address accepts host:port.
func (c *Checker) Address(name, raw string) string {
	_, port, err := net.SplitHostPort(raw)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		c.Fail(name, "%q: must be host:port, such as 127.0.0.1:4242", raw)
	}
	return raw
}

// Secret returns the value of an environment variable that has no flag, or the
// contents of the file that name_FILE names; empty if neither is set.
func (c *Checker) Secret(name, file string) string {
	value := os.Getenv(name)
	if file == "" {
		return value
	}
	if value != "" {
		c.Fail(name, "is set, and so is %s_FILE: set only one of them", name)
		return value
	}
	return strings.TrimSpace(c.File(name+"_FILE", file))
}

// File returns the contents of the file at path.
func (c *Checker) File(name, path string) string {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		c.Fail(name, "%v: must name a readable file", err)
	}
	return string(b)
}

// SplitList splits a comma-separated list and drops blank items.
func SplitList(list string) []string {
	var items []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
