package main_test

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"ranger/internal/testenv"
)

// peers is the folder of the programs that are not ours, and of what they need.
const peers = "testdata/peers/"

// challenge is the first message of a socket.
var challenge = regexp.MustCompile(`^\{"challenge":"[A-Za-z0-9_-]{54}"\}$`)

// peer is a client or publisher that is not ours and runs as a process. It ends
// with its input, so that it cannot outlive the test.
type peer struct {
	t     testing.TB
	name  string
	stdin io.WriteCloser
	lines chan string   // what it prints; closed at the end of that
	done  chan struct{} // closed when it has ended
	err   error         // how it ended, once done is closed
}

// startPeer starts a program with just this environment, and sees that it is
// gone at the end.
func startPeer(t testing.TB, env []string, program string, args ...string) *peer {
	t.Helper()
	testenv.Programs(t)
	p := &peer{t: t, name: filepath.Base(program), lines: make(chan string), done: make(chan struct{})}
	cmd := testenv.Command(t.Context(), program, args...)
	cmd.Env = append(env, "LANG=C.UTF-8", "HOME="+t.TempDir()) // no libraries of the user's own
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var err error
	p.stdin, err = cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (`make test` installs what the tests need)", err)
	}
	go p.follow(cmd, stdout)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		for range p.lines {
			continue // follow waits for somebody to take it
		}
		<-p.done
		if t.Failed() {
			t.Logf("%s ended: %v\n%s", p.name, p.err, stderr.Bytes())
		}
	})
	return p
}

func (p *peer) follow(cmd *exec.Cmd, stdout io.Reader) {
	defer close(p.done)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		p.lines <- lines.Text()
	}
	close(p.lines)
	p.err = cmd.Wait()
}

// write gives the peer a line to read.
func (p *peer) write(line string) {
	p.t.Helper()
	_, err := io.WriteString(p.stdin, line+"\n")
	check(p.t, err)
}

// next returns the next line that the peer prints, or false when it prints no
// more.
func (p *peer) next() (line string, ok bool) {
	p.t.Helper()
	select {
	case line, ok = <-p.lines:
		return line, ok
	case <-time.After(testenv.Patience):
		p.t.Fatalf("%s prints nothing", p.name)
		return "", false
	}
}

// expect reads as many lines as there are texts, which they must equal.
func (p *peer) expect(texts ...string) {
	p.t.Helper()
	for _, want := range texts {
		got, ok := p.next()
		if !ok {
			p.t.Fatalf("%s has ended, want\n     %s", p.name, want)
		}
		if got != want {
			p.t.Fatalf("%s prints\n     %s\nwant %s", p.name, got, want)
		}
	}
}

// expectChallenge reads the line of a challenge.
func (p *peer) expectChallenge() {
	p.t.Helper()
	if got, ok := p.next(); !challenge.MatchString(got) {
		p.t.Fatalf("%s prints\n     %s\nwant a challenge (it has ended: %t)", p.name, got, !ok)
	}
}

// expectEnd waits for the end of the peer, without a further line or a fault.
func (p *peer) expectEnd() {
	p.t.Helper()
	if got, ok := p.next(); ok {
		p.t.Fatalf("%s prints\n     %s\nwant its end", p.name, got)
	}
	select {
	case <-p.done:
		check(p.t, p.err)
	case <-time.After(testenv.Patience):
		p.t.Fatalf("%s does not end", p.name)
	}
}
