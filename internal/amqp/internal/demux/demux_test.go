package demux_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"ranger/internal/amqp/internal/demux"
	"ranger/internal/amqp/internal/frame"
	"ranger/internal/amqp/internal/frame/frametest"
	"ranger/internal/event"
)

// However the bytes arrive, the reader gets the consumer's deliveries, whole, and
// the library all other frames.
func TestDemux_PassesOtherFramesUnchanged(t *testing.T) {
	t.Parallel()
	const maxBody = 10_000
	long := strings.Repeat("long ", 50_000)
	another := frametest.Deliver(7, "another", 1, 0, "orders") + frametest.Header(7, 5, frametest.NoProperties) + frametest.Body(7, "hello")
	onOtherChannel := frametest.Body(1, "another's")
	split := frametest.Deliver(7, frametest.Consumer, 9, 1, "") + frametest.Heartbeat + frametest.Header(7, 4, frametest.NoProperties) + onOtherChannel +
		frametest.Body(7, "sp") + frametest.Heartbeat + frametest.Body(7, "") + frametest.Body(7, "it")
	cancel := frametest.Method(7, 60, 30, "")
	text := message(8, "", long[:maxBody+60], maxBody+50) + frametest.Heartbeat +
		message(1, frametest.OffsetEntry(41)+"\x01aI\xff\xff\xff\xff", `{"id":1}`, 100) + another +
		message(2, "", "", 1) + frametest.Heartbeat +
		message(3, frametest.OffsetEntry(5)+frametest.OffsetEntry(6), long, frame.Max-8) +
		message(4, "\x01at\x01", long[:maxBody], 3000) + split +
		message(5, "\x01bS\x00\x00\x00\x02xx", long[:maxBody+1], 1<<16) + cancel
	wantLibrary := frametest.Heartbeat + another + frametest.Heartbeat + frametest.Heartbeat + onOtherChannel + frametest.Heartbeat + cancel
	want := []string{
		fmt.Sprintf(`8 false orders 8 type 0 false map[] %q`, long[:maxBody]),
		`1 false orders 1 type 41 true map[a:{Text:[] Magnitude:1 Kind:2 Negative:true}] "{\"id\":1}"`,
		`2 false orders 2 type 0 false map[] ""`,
		fmt.Sprintf(`3 false orders 3 type 5 true map[] %q`, long[:maxBody]),
		fmt.Sprintf(`4 false orders 4 type 0 false map[a:{Text:[] Magnitude:0 Kind:3 Negative:false}] %q`, long[:maxBody]),
		`9 true    0 false map[] "spit"`,
		fmt.Sprintf(`5 false orders 5 type 0 false map[b:{Text:[120 120] Magnitude:0 Kind:1 Negative:false}] %q`, long[:maxBody]),
	}
	bodies := []string{long[:maxBody+60], `{"id":1}`, "", long, long[:maxBody], "spit", long[:maxBody+1]}
	for _, atATime := range []int{1, 7, 100, 4096, 1 << 30} {
		library, all, err := read(text, atATime, maxBody, "a", "b")
		if err != nil || library != wantLibrary {
			t.Errorf("%d bytes at a time: the library reads %.200q, %v, want %.200q", atATime, library, err, wantLibrary)
		}
		var got []string
		for i, d := range all {
			got = append(got, fmt.Sprintf("%d %t %s %s %s %d %t %+v %q", d.Tag, d.Redelivered, d.Exchange, d.MessageID, d.Type, d.Offset, d.HasOffset, d.Headers, d.Body))
			if i >= len(bodies) {
				continue
			}
			if want := event.Check([]byte(bodies[i])); d.Check != want {
				t.Errorf("%d bytes at a time: check of message %d = %d, want %d", atATime, i, d.Check, want)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d bytes at a time: deliveries (-want +got):\n%.2000s", atATime, diff)
		}
	}
}

func TestDemux_EndsAtMalformedDeliveries(t *testing.T) {
	t.Parallel()
	begin, head := frametest.Deliver(7, frametest.Consumer, 1, 0, "orders"), frametest.Header(7, 5, frametest.NoProperties)
	large := frametest.Frame(3, 7, make([]byte, frame.Max-7))
	broken := head[:len(head)-1] + "\x00"
	for text, want := range map[string]string{
		frametest.Method(7, 60, 60, frametest.ShortString(frametest.Consumer)): "basic.deliver",
		begin + broken:       "end octet",
		begin + begin:        "out of order",
		begin + large:        "too large",
		begin + head + large: "too large",
		begin + large[:1] + "\x00\x08" + large[3:]:                   "too large",
		begin + frametest.Frame(2, 7, make([]byte, frame.MaxHeader)): "too large",
		begin + frametest.Frame(2, 7, nil):                           "content header",
	} {
		text += message(2, "", "hello", 100)
		library, all, err := read(text, 1000, 100)
		if err == nil || !strings.Contains(err.Error(), want) || len(all) > 0 || library != "" {
			t.Errorf("%.100q: got %d deliveries, %d bytes for the library, %v, want none and an error with %q", text, len(all), len(library), err, want)
		}
	}
}

func TestDemux_PassesEverythingAfterAnOversizeFrame(t *testing.T) {
	t.Parallel()
	delivery := message(1, "", "hello", 100)
	for _, text := range []string{
		"AMQP\x00\x00\x09\x01",
		frametest.Frame(3, 1, make([]byte, frame.Max)) + delivery,
		frametest.Frame(2, 7, make([]byte, frame.MaxHeader)) + delivery,
	} {
		library, all, err := read(text, 1000, 100)
		if err != nil || library != text || len(all) > 0 {
			t.Errorf("%.50q: the library reads %d of %d bytes, %v, and gets %d deliveries; want all and none", text, len(library), len(text), err, len(all))
		}
	}
}

// I7: a reader that takes nothing holds up the broker, and needs no memory. Each
// batch that it takes lets the next one come, and Stop all of them. Frames for the
// library are not lost.
func TestDemux_HoldsUpTheBroker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, broker := net.Pipe()
		c := demux.NewWithTag(frametest.Consumer, 100)
		c.Wrap(conn)
		sent := 0
		go func() {
			for range 100 {
				_, _ = io.WriteString(broker, message(1, "", "hello", 100)+frametest.Heartbeat)
				sent++
			}
			_ = broker.Close()
		}()
		toLibrary := make(chan int, 1)
		go func() {
			all, _ := io.ReadAll(c)
			toLibrary <- len(all)
		}()
		synctest.Wait()
		if sent != 1 || len(c.Ready()) != 1 {
			t.Errorf("%d messages were taken from the broker, %d batches are ready, want one of each", sent, len(c.Ready()))
		}
		for range 10 {
			<-c.Ready()
			if all := takeBatch(c); len(all) != 1 {
				t.Fatalf("got a batch of %d messages, want one", len(all))
			}
			synctest.Wait()
		}
		if sent != 11 {
			t.Errorf("%d messages were taken from the broker after 10 batches, want 11", sent)
		}
		c.Stop()
		if got, want := <-toLibrary, 100*len(frametest.Heartbeat); got != want {
			t.Errorf("the library reads %d bytes, want %d", got, want)
		}
	})
}

// The reader keeps the connection while only deliveries arrive.
func TestDemux_NextReadsOnUntilSomethingIsForTheLibrary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, broker := net.Pipe()
		c := demux.NewWithTag(frametest.Consumer, 100)
		c.Wrap(conn)
		library := make(chan string, 1)
		go func() {
			all, _ := io.ReadAll(c)
			library <- string(all)
		}()
		write(t, broker, message(1, "", "one", 100))
		<-c.Ready()
		for tag := uint64(1); tag < 5; tag++ {
			if got := batch(c, nil); len(got) != 1 || got[0].Tag != tag {
				t.Fatalf("got %+v, want message %d only", got, tag)
			}
			go write(t, broker, message(tag+1, "", "more", 100))
			if !c.Next() {
				t.Fatalf("Next after message %d = false, want true", tag)
			}
		}
		go write(t, broker, frametest.Heartbeat)
		if !c.Next() || len(batch(c, nil)) != 0 {
			t.Fatal("want Next to report an empty batch when only a frame for the library came")
		}
		if c.Next() {
			t.Fatal("Next = true, want false: there is a frame for the library")
		}
		c.Release()
		_ = broker.Close()
		if got := <-library; got != frametest.Heartbeat {
			t.Errorf("the library reads %q, want the heartbeat", got)
		}
	})
}

// Close returns the connection to the library, whether or not the reader has
// received it.
func TestDemux_CloseReturnsTheConnection(t *testing.T) {
	t.Parallel()
	for _, received := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			conn, broker := net.Pipe()
			c := demux.NewWithTag(frametest.Consumer, 100)
			c.Wrap(conn)
			library := make(chan error, 1)
			go func() { _, err := io.Copy(io.Discard, c); library <- err }()
			write(t, broker, message(1, "", "hello", 100))
			synctest.Wait()
			if received {
				<-c.Ready()
			}
			if err := c.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			c.Stop() // once more
			synctest.Wait()
			if received {
				select {
				case err := <-library:
					t.Fatalf("the library reads on (%v) while the reader has the connection", err)
				default:
				}
				if got := takeBatch(c); len(got) != 1 {
					t.Errorf("the reader has a batch of %d messages, want the one that it received", len(got))
				}
			}
			if err := <-library; err == nil {
				t.Error("the library reads the end, want an error of the closed connection")
			}
		})
	}
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Error(err)
	}
}
