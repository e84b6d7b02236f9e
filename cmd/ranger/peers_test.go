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

// peers is the folder of programs of other projects.
const peers = "testdata/peers/"

// challenge is the pattern of the first message of a socket.
var challenge = regexp.MustCompile(`^\{"challenge":"[A-Za-z0-9_-]{54}"\}$`)

// peer is a client or publisher of another project that runs as a process. It ends with its
// input, so that it cannot outlive the test.
type peer struct {
	t     testing.TB
	name  string
	stdin io.WriteCloser
	lines chan string   // what it prints; closed at the end of its output
	done  chan struct{} // closed when it has ended
	err   error         // result of the process, once done is closed
}

// startPeer starts a program with only this environment. It ends with the test.
func startPeer(t testing.TB, env []string, program string, args ...string) *peer {
	t.Helper()
	testenv.Programs(t)
	p := &peer{t: t, name: filepath.Base(program), lines: make(chan string), done: make(chan struct{})}
	cmd := testenv.Command(t.Context(), program, args...)
	cmd.Env = append(env, "LANG=C.UTF-8", "HOME="+t.TempDir()) // no libraries of the user
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
			continue // follow waits until the line is received
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

// write writes a line to the input of the peer.
func (p *peer) write(line string) {
	p.t.Helper()
	_, err := io.WriteString(p.stdin, line+"\n")
	check(p.t, err)
}

// next returns the next line that the peer prints. It reports false at the end of its
// output.
func (p *peer) next() (line string, ok bool) {
	p.t.Helper()
	select {
	case line, ok = <-p.lines:
		return line, ok
	case <-time.After(testenv.Patience):
		p.t.Fatalf("timed out waiting for output of %s", p.name)
		return "", false
	}
}

// expect reads lines, which must equal the texts.
func (p *peer) expect(texts ...string) {
	p.t.Helper()
	for _, want := range texts {
		got, ok := p.next()
		if !ok {
			p.t.Fatalf("%s: got the end of output\nwant %s", p.name, want)
		}
		if got != want {
			p.t.Fatalf("%s:\ngot  %s\nwant %s", p.name, got, want)
		}
	}
}

// expectChallenge reads a line, which must be a challenge.
func (p *peer) expectChallenge() {
	p.t.Helper()
	if got, ok := p.next(); !challenge.MatchString(got) {
		p.t.Fatalf("%s:\ngot  %s\nwant a challenge (end of output: %t)", p.name, got, !ok)
	}
}

// expectEnd waits for the end of the peer, without further output or an error.
func (p *peer) expectEnd() {
	p.t.Helper()
	if got, ok := p.next(); ok {
		p.t.Fatalf("%s:\ngot  %s\nwant the end of output", p.name, got)
	}
	select {
	case <-p.done:
		check(p.t, p.err)
	case <-time.After(testenv.Patience):
		p.t.Fatalf("timed out waiting for the end of %s", p.name)
	}
}
