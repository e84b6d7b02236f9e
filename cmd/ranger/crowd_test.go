package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"ranger/internal/testenv"
)

// crowdMember is a client that takes little CPU time and memory.
type crowdMember struct {
	url, token, resume string
	conn               net.Conn
	in                 *bufio.Reader
}

var positionKey = regexp.MustCompile(`"position":"([^"]+)"`)

// connect opens a socket that resumes and stores the first position that it receives.
func (m *crowdMember) connect() error {
	var err error
	if m.conn, err = net.DialTimeout("tcp", m.url, testenv.Patience); err != nil { //nolint:noctx // it ends with the process
		return err
	}
	_ = m.conn.SetDeadline(time.Now().Add(testenv.Patience))
	m.in = bufio.NewReaderSize(m.conn, 1024)
	_, err = fmt.Fprintf(m.conn, "GET /?resume=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer %s\r\n\r\n", m.resume, m.url, m.token)
	if err != nil {
		return err
	}
	res, err := http.ReadResponse(m.in, nil)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("refused: %s", res.Status)
	}
	for {
		text, err := m.read()
		if err != nil {
			return err
		}
		if found := positionKey.FindStringSubmatch(text); found != nil && m.resume == "true" {
			m.resume = found[1]
		}
		if strings.HasPrefix(text, `{"success":`) {
			return nil
		}
	}
}

// receive reads until that many events have arrived, which must contain text.
func (m *crowdMember) receive(events int, text string) error {
	for events > 0 {
		got, err := m.read()
		if err != nil {
			return err
		}
		if strings.HasPrefix(got, `{"orderbook":`) {
			if !strings.Contains(got, text) {
				return fmt.Errorf("got %s, want a message with %s", got, text)
			}
			events--
		}
	}
	return nil
}

// read returns the text of the next message.
func (m *crowdMember) read() (string, error) {
	var head [4]byte
	if _, err := io.ReadFull(m.in, head[:2]); err != nil {
		return "", err
	}
	size := int(head[1])
	if size == 126 {
		if _, err := io.ReadFull(m.in, head[2:]); err != nil {
			return "", err
		}
		size = int(head[2])<<8 | int(head[3])
	}
	text := make([]byte, size)
	_, err := io.ReadFull(m.in, text)
	return string(text), err
}
