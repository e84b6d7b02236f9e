package amqp_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp"
	"ranger/internal/journal"
)

// frame is a frame on a channel.
func frame(typ byte, channel uint16, payload []byte) string {
	b := binary.BigEndian.AppendUint16([]byte{typ}, channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return string(append(append(b, payload...), 0xce))
}

func shortText(s string) string { return string([]byte{byte(len(s))}) + s }

// deliver is the frame of a basic.deliver.
func deliver(channel uint16, consumer string, tag uint64, redelivered byte, exchange string) string {
	b := append([]byte{0, 60, 0, 60}, shortText(consumer)...)
	b = append(binary.BigEndian.AppendUint64(b, tag), redelivered)
	return frame(1, channel, append(append(b, shortText(exchange)...), shortText("key")...))
}

// properties are all of them, with a table's entries, an id and a type.
func properties(table, id, typ string) string {
	b := append([]byte{0xff, 0xfc}, shortText("application/json")+shortText("utf-8")...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(table))), table...)
	b = append(b, 2, 5)
	b = append(b, shortText("correlation")+shortText("reply")+shortText("9000")+shortText(id)...)
	b = append(b, 0, 0, 0, 0, 1, 2, 3, 4)
	return string(append(b, shortText(typ)+shortText("user")+shortText("app")+shortText("cluster")...))
}

// header is the frame of a content header.
func header(channel uint16, size int, properties string) string {
	b := binary.BigEndian.AppendUint64([]byte{0, 60, 0, 0}, uint64(size))
	return frame(2, channel, append(b, properties...))
}

// message is the frames of a message with this body, in frames of so many bytes.
func message(tag uint64, table, body string, piece int) string {
	var all strings.Builder
	all.WriteString(deliver(7, theTag, tag, 0, "orders") + header(7, len(body), properties(table, "id", "type")))
	for len(body) > 0 {
		n := min(piece, len(body))
		all.WriteString(frame(3, 7, []byte(body[:n])))
		body = body[n:]
	}
	return all.String()
}

const noProperties = "\x00\x00"

// offsetEntry is the broker's header.
func offsetEntry(n uint64) string {
	return "\x0fx-stream-offsetl" + string(binary.BigEndian.AppendUint64(nil, n))
}

// pieces is a connection that says text, so many bytes at a time. The middle of a long
// frame comes in sixteenths of it where that is more: nothing can be made of a frame
// until it is whole, and whoever reads moves what there is of it each time.
type pieces struct {
	net.Conn
	text       string
	most       int
	at         int // what was said
	begin, end int // of the frame there
}

// edge is how much of a frame is said so many bytes at a time at both ends.
const edge = 1000

func (p *pieces) Read(b []byte) (int, error) {
	if p.at == len(p.text) {
		return 0, io.EOF
	}
	for p.end <= p.at {
		p.begin, p.end = p.end, len(p.text)
		if rest := p.text[p.begin:]; len(rest) >= 7 {
			size := 8 + int(binary.BigEndian.Uint32([]byte(rest[3:7])))
			p.end = p.begin + min(size, len(rest))
		}
	}
	most := p.most
	if middle := p.end - edge - p.at; middle > 0 && p.at >= p.begin+edge {
		most = max(most, min(middle, (p.end-p.begin)/16))
	}
	n := copy(b, p.text[p.at:min(p.at+most, len(p.text))])
	p.at += n
	return n, nil
}

// sort has an intake read all of text, and returns
// what it hands on and what it takes.
func sort(text string, most, maxBody int) (handed string, all []amqp.Taken, err error) {
	return sortNamed(text, most, maxBody, []string{"a", "b"})
}

// sortNamed is sort with the headers of these names. Who borrows the connection gives
// it back at once or reads on, in turn.
func sortNamed(text string, most, maxBody int, names []string) (handed string, all []amqp.Taken, err error) {
	in := amqp.NewIntake(&pieces{text: text, most: most}, theTag, maxBody)
	var out []byte
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		out, err = io.ReadAll(in)
	}()
	for n := 0; ; n++ {
		select {
		case <-in.Lent():
			if n%2 == 0 {
				all = append(all, in.Own(names...)...)
			} else {
				all = append(all, in.Once(names...)...)
			}
		case <-ended:
			return string(out), all, err
		}
	}
}

// theTag is the consumer's.
const theTag = "the consumer"

// What is the consumer's is taken out, whole, and all else is handed on as it came,
// however it comes.
func TestIntake(t *testing.T) {
	t.Parallel()
	const maxBody = 10_000
	long := strings.Repeat("long ", 50_000)
	heartbeat := frame(8, 0, nil)
	foreign := deliver(7, "another", 1, 0, "orders") + header(7, 5, noProperties) + frame(3, 7, []byte("hello"))
	split := deliver(7, theTag, 9, 1, "") + heartbeat + header(7, 4, noProperties) + frame(3, 1, []byte("not ours")) +
		frame(3, 7, []byte("sp")) + heartbeat + frame(3, 7, nil) + frame(3, 7, []byte("it"))
	text := message(8, "", long[:maxBody+60], maxBody+50) + heartbeat + message(1, offsetEntry(41)+"\x01aI\xff\xff\xff\xff", `{"id":1}`, 100) + foreign +
		message(2, "", "", 1) + heartbeat +
		message(3, offsetEntry(5)+offsetEntry(6), long, amqp.FrameMax-8) +
		message(4, "\x01at\x01", long[:maxBody], 3000) + split +
		message(5, "\x01bS\x00\x00\x00\x02xx", long[:maxBody+1], 1<<16) + frame(1, 7, []byte{0, 60, 0, 30})
	wantHanded := heartbeat + foreign + heartbeat + heartbeat + frame(3, 1, []byte("not ours")) + heartbeat + frame(1, 7, []byte{0, 60, 0, 30})
	want := []string{
		fmt.Sprintf(`8 false orders id type 0 false map[] %q`, long[:maxBody+1]),
		`1 false orders id type 41 true map[a:{Text:[] Magnitude:1 Kind:2 Negative:true}] "{\"id\":1}"`,
		`2 false orders id type 0 false map[] ""`,
		fmt.Sprintf(`3 false orders id type 5 true map[] %q`, long[:maxBody+1]),
		fmt.Sprintf(`4 false orders id type 0 false map[a:{Text:[] Magnitude:0 Kind:3 Negative:false}] %q`, long[:maxBody]),
		`9 true    0 false map[] "spit"`,
		fmt.Sprintf(`5 false orders id type 0 false map[b:{Text:[120 120] Magnitude:0 Kind:1 Negative:false}] %q`, long[:maxBody+1]),
	}
	bodies := []string{long[:maxBody+60], `{"id":1}`, "", long, long[:maxBody], "spit", long[:maxBody+1]}
	for _, most := range []int{1, 7, 100, 4096, 1 << 30} {
		handed, all, err := sort(text, most, maxBody)
		if err != nil || handed != wantHanded {
			t.Errorf("%d bytes at a time: handed on %.200q, %v, want %.200q", most, handed, err, wantHanded)
		}
		var got []string
		for i, d := range all {
			got = append(got, fmt.Sprintf("%d %t %s %s %s %d %t %+v %q", d.Tag, d.Redelivered, d.Exchange, d.MessageID, d.Type, d.Offset, d.HasOffset, d.Headers, d.Body))
			if i < len(bodies) && d.Check != journal.Check([]byte(bodies[i])) {
				t.Errorf("%d bytes at a time: message %d has another check", most, i)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d bytes at a time (-want +got):\n%.2000s", most, diff)
		}
	}
}

// What breaks the rules ends the connection, and says how.
func TestIntakeOfMalformed(t *testing.T) {
	t.Parallel()
	begin, head := deliver(7, theTag, 1, 0, "orders"), header(7, 5, noProperties)
	large := frame(3, 7, make([]byte, amqp.FrameMax-7))
	broken := func(frame string) string { return frame[:len(frame)-1] + "\x00" }
	method := []byte("\x00\x3c\x00\x3c" + shortText(theTag))
	for text, want := range map[string]string{
		frame(1, 7, method): "basic.deliver",
		frame(1, 7, append(method, "123456789\x05ab"...)):    "basic.deliver",
		frame(1, 7, append(method, "123456789\x00\x00x"...)): "basic.deliver",
		broken(begin):        "does not end",
		begin + broken(head): "does not end",
		begin + head + broken(frame(3, 7, []byte("hello"))): "does not end",
		begin + begin: "out of order",
		begin + deliver(8, theTag, 2, 0, "orders"):       "out of order",
		begin + frame(3, 7, []byte("hello")):             "out of order",
		begin + head + head:                              "out of order",
		begin + head + frame(3, 7, []byte("hello!")):     "out of order",
		begin + head + frame(1, 7, []byte{0, 20, 0, 40}): "out of order",
		begin + large:        "too large",
		begin + head + large: "too large",
		begin + large[:1] + "\x00\x08" + large[3:]:                   "too large",
		begin + frame(2, 7, make([]byte, amqp.HeaderMax)):            "too large",
		begin + frame(2, 7, nil):                                     "content header",
		begin + frame(2, 7, []byte(head)[7:20]):                      "content header",
		begin + strings.Replace(head, "\x00\x3c", "\x00\x14", 1):     "content header",
		begin + header(7, 5, "\xff\xfc\x05ab"):                       "content header",
		begin + header(7, 5, "\x20\x00\x00\x00\x00\x05ab"):           "content header",
		begin + header(7, 5, "\x20\x00\xff\xff\xff\xffab"):           "content header",
		begin + header(7, 5, "\x00\x40\x00\x00\x00\x00\x00\x00\x00"): "content header",
	} {
		if _, all, err := sort(text, 1000, 100); err == nil || !strings.Contains(err.Error(), want) || len(all) > 0 {
			t.Errorf("%q: %d messages, %v, want an error with %q", text, len(all), err, want)
		}
	}
}

// What is no frame, or too large a one, is left to the library, with all behind it.
func TestIntakeHandsOnWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	ours := message(1, "", "hello", 100)
	for _, text := range []string{
		"AMQP\x00\x00\x09\x01",
		frame(3, 1, make([]byte, amqp.FrameMax)) + ours,
		frame(2, 7, make([]byte, amqp.HeaderMax)) + ours,
	} {
		handed, all, err := sort(text, 1000, 100)
		if err != nil || !strings.HasSuffix(text, handed) || len(handed) < 8 || len(all) > 0 {
			t.Errorf("%.50q was handed on as %d of %d bytes, %v", text, len(handed), len(text), err)
		}
	}
}

// A broker that sends nothing but messages is alive, and one that says nothing is
// not, after as long as the library gives it, whoever has the connection.
func TestIntakePutsOffTheDeadline(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(amqp.Intake) []amqp.Taken{
		"library": func(in amqp.Intake) []amqp.Taken { return in.Once() },
		"reader":  func(in amqp.Intake) []amqp.Taken { return in.Own() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, brokers := net.Pipe()
				defer brokers.Close() //nolint:errcheck // nothing depends on it
				in := amqp.NewIntake(ours, theTag, 100)
				defer in.Close()                                                                    //nolint:errcheck // as above
				if err := in.SetReadDeadline(time.Now().Add(7500 * time.Millisecond)); err != nil { // as the library does
					t.Fatal(err)
				}
				begin := time.Now()
				go func() {
					for range 60 {
						<-time.After(time.Second)
						_, _ = io.WriteString(brokers, message(1, "", "hello", 100))
					}
				}()
				var failed error
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, failed = in.Read(make([]byte, 100))
				}()
				for got, reading := 0, true; reading; {
					select {
					case <-in.Lent():
						got += len(read(in))
					case <-ended:
						reading = false
						if got != 60 {
							t.Errorf("%d messages came, want 60", got)
						}
					}
				}
				if took := time.Since(begin); !errors.Is(failed, os.ErrDeadlineExceeded) || took < 66*time.Second || took > 68*time.Second {
					t.Errorf("%v after %v, want a timeout some 7 seconds after the 60", failed, took)
				}
			})
		})
	}
}

// Without a deadline a broker may be silent for ever.
func TestIntakeWithoutDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, brokers := net.Pipe()
		in := amqp.NewIntake(ours, theTag, 100)
		for _, deadline := range []time.Time{time.Now().Add(time.Second), {}} {
			if err := in.SetReadDeadline(deadline); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			<-time.After(time.Hour)
			_ = brokers.Close()
		}()
		if _, err := in.Read(make([]byte, 100)); !errors.Is(err, io.EOF) {
			t.Errorf("%v, want the end", err)
		}
	})
}

// I7: who does not take what comes holds up the broker, and takes no memory; it comes
// on when some is given back, and all of it where nobody takes it any more. What the
// library waits for comes before that.
func TestIntakeHoldsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, brokers := net.Pipe()
		in := amqp.NewIntake(ours, theTag, 100)
		sent := 0
		go func() {
			for range 100 {
				_, _ = io.WriteString(brokers, message(1, "", "hello", 100)+frame(8, 0, nil))
				sent++
			}
			_ = brokers.Close()
		}()
		handed := make(chan int, 1)
		go func() {
			all, _ := io.ReadAll(in)
			handed <- len(all)
		}()
		synctest.Wait()
		if sent != 1 || !in.Waiting() {
			t.Errorf("%d messages were taken, want one, which waits", sent)
		}
		for range 10 {
			if all, ok := in.Take(); len(all) != 1 || !ok {
				t.Fatalf("%d messages, %t, want one", len(all), ok)
			}
			synctest.Wait()
		}
		if sent != 11 {
			t.Errorf("%d messages were taken, want 11", sent)
		}
		in.Drop()
		if got, want := <-handed, 100*len(frame(8, 0, nil)); got != want {
			t.Errorf("%d bytes were handed on, want %d", got, want)
		}
	})
}
