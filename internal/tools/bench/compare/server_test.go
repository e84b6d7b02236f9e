package main_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"ranger/internal/testenv"
	compare "ranger/internal/tools/bench/compare"
)

// Variables of a process that TestServer_EndsWithItsParent starts: its role, and the
// address that the server connects to.
const (
	roleVariable    = "COMPARE_TEST_ROLE"
	addressVariable = "COMPARE_TEST_ADDRESS"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "owner":
		err = own()
	case "server":
		err = serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// own starts a server as a measurement does, and waits for the end of its input.
func own() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := compare.Start(context.Background(), program, append(os.Environ(), roleVariable+"=server")); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// serve logs the lines of a ready server, and waits until its connection to the test
// ends.
func serve() error {
	fmt.Fprintln(os.Stderr, `{"msg":"listening for clients","url":"ws://127.0.0.1:1/"}`)
	fmt.Fprintln(os.Stderr, `{"msg":"caught up"}`)
	var d net.Dialer
	conn, err := d.DialContext(context.Background(), "tcp", os.Getenv(addressVariable))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// A server does not outlive a killed measurement.
func TestServer_EndsWithItsParent(t *testing.T) {
	deadline := time.Now().Add(testenv.Patience)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close() //nolint:errcheck // it has served its purpose
	check(t, l.(*net.TCPListener).SetDeadline(deadline))
	program, err := os.Executable()
	check(t, err)
	owner := testenv.Command(t.Context(), program)
	owner.Env = append(os.Environ(), roleVariable+"=owner", addressVariable+"="+l.Addr().String())
	owner.Stderr = t.Output()
	input, err := owner.StdinPipe()
	check(t, err)
	defer input.Close() //nolint:errcheck // it has served its purpose
	check(t, owner.Start())
	conn, err := l.Accept()
	if err != nil {
		t.Fatalf("no connection from the server: %v", err)
	}
	defer conn.Close() //nolint:errcheck // it has served its purpose
	check(t, owner.Process.Kill())
	_ = owner.Wait() // it was killed
	check(t, conn.SetReadDeadline(deadline))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want the end of the server", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
