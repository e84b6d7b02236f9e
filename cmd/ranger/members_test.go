package main_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	amqp091 "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"

	"ranger/internal/testenv"
)

// directory returns a client of the shared Redis, and the environment with which a node
// uses a member directory of this world there.
func (w *world) directory() (client *redis.Client, key string, env []string) {
	w.t.Helper()
	url := testenv.Redis(w.t)
	options, err := redis.ParseURL(url)
	check(w.t, err)
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = testenv.Patience, testenv.Patience, testenv.Patience
	client, key = redis.NewClient(options), "members of "+w.stream
	w.t.Cleanup(func() { _ = client.Close() })
	return client, key, []string{"REDIS_URL=" + url, "MEMBER_DIRECTORY=" + key}
}

// I1, I2: users receive events that name them only by Peatio's ids. A user whose id was
// unknown receives a gap once it is known.
func TestServe_DeliversByMemberIDOrAnnouncesGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, key, env := w.directory()
	check(t, client.HSet(t.Context(), key, "11", string(alice)).Err())
	p := w.serve(env...)
	alices := w.login(p, alice)
	bobs := dial(t, p, nil)
	bobs.send(`{"jwt":"Bearer ` + w.token(bob) + `","resume":true}`)
	bobs.read()

	w.publish(w.orders, amqp091.Table{"member_id": int32(11)}, orderBody(1))
	w.publish(w.trades, nil, `{"id":2,"ask_member_id":11,"bid_member_id":"12"}`)
	alices.expect(`{"orderbook":`+orderBody(1)+`}`, `{"trade":{"id":2,"side":"ask"}}`)
	p.awaitLog("message not delivered")

	check(t, client.HSet(t.Context(), key, "12", string(bob)).Err())
	w.publish(w.orders, nil, `{"id":3,"member_id":12}`) // an unknown id is looked up at once
	for _, want := range []string{
		`^\{"orderbook":\{"id":3\},"position":"\d+\.[0-9a-f]{8}","at":\d+\}$`,
		`^\{"gap":\{"from":\d+,"to":\d+,"reason":"member","position":"\d+\.[0-9a-f]{8}"\}\}$`,
	} {
		got := bobs.read()
		for strings.HasPrefix(got, `{"heartbeat":`) {
			got = bobs.read()
		}
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("bob: got %s, want %s", got, want)
		}
	}
	alices.send("ping")
	alices.expect("pong") // and nothing else for Alice

	offset := p.awaitLog("message not delivered")["offset"]
	env = append(w.environment(), env...)
	r := command(t, t.TempDir(), env, "inspect", "--offset", offset)
	for _, want := range []string{"exchange     " + w.trades, "trade for " + string(alice), "trade for " + string(bob), `ask_member_id\":11`} {
		if r.code != 0 || !strings.Contains(r.out, want) {
			t.Errorf("inspect: got exit code %d, %s\n%s\nwant %s", r.code, r.err, r.out, want)
		}
	}
}

func TestInspect_ShowsUndeliveredMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.serve()
	w.order(alice, 1)
	w.publish(w.orders, nil, `{"id":2}`)
	w.publish(w.trades, amqp091.Table{"ask_member_uid": "A", "bid_member_id": int64(7)}, `{"id":3}`)
	w.publish(w.orders, amqp091.Table{"member_uid": "A"}, `not JSON`)
	first := p.awaitLog("message not delivered")["offset"]
	run := func(args ...string) result {
		return command(t, t.TempDir(), w.environment(), append([]string{"inspect"}, args...)...)
	}
	env := append(w.environment(), "REDIS_URL=redis://127.0.0.1:1") // a closed port
	list := command(t, t.TempDir(), env, "inspect", "--undelivered", "--since", "10m")
	if list.code == 0 || !strings.Contains(list.err, "the member directory could not be asked (REDIS_URL)") || !strings.Contains(list.err, "refused") {
		t.Errorf("without Redis: got exit code %d, %s", list.code, list.err)
	}
	unknown := regexp.MustCompile(`(?m)^(\d+) +unknown_member`).FindStringSubmatch(list.out)
	if unknown == nil {
		t.Fatalf("without Redis: got no line with unknown_member:\n%s", list.out)
	}
	one := command(t, t.TempDir(), env, "inspect", "--offset", unknown[1])
	if want := "unknown_member: the member directory could not be asked"; one.code != 0 || !strings.Contains(one.out, want) {
		t.Errorf("without Redis: got exit code %d, %s\n%s\nwant %s", one.code, one.err, one.out, want)
	}
	list = run("--undelivered", "--since", "10m")
	for _, want := range []string{
		`(?m)^` + first + ` +no_owner +\S+\.orderbook +"\{\\"id\\":2\}"$`,
		`(?m)^\d+ +unknown_member +\S+\.trade +"\{\\"id\\":3\}"$`,
		`(?m)^\d+ +not_json +\S+\.orderbook +"not JSON"$`,
		`(?m)^3 of \d+ messages$`,
	} {
		if list.code != 0 || !regexp.MustCompile(want).MatchString(list.out) {
			t.Errorf("got exit code %d, %s\n%s\nwant a line %s", list.code, list.err, list.out, want)
		}
	}
	for args, want := range map[string]string{
		"--offset " + first:                      "outcome      not delivered: no_owner: no header and no field names its owner",
		"--offset " + unknown[1]:                 "there is no member directory: REDIS_URL is unset",
		"--offset 0":                             "outcome      a record of a node for other nodes: ranger.marker",
		"--offset 1000000":                       "offset 1000000 is beyond the end of stream",
		"--offset -1":                            "--offset: ",
		"--offset 1 --undelivered":               "--offset, --undelivered: give one of them",
		"--undelivered --since yesterday":        "--since: ",
		"":                                       "--offset, --undelivered: give one of them",
		"--offset 1 --amqp-stream no-such-queue": "there is no stream with this name: check AMQP_STREAM",
		"--offset 1 --amqp-source queue":         "AMQP_SOURCE: is queue: there is no stream to inspect",
	} {
		if r := run(strings.Fields(args)...); !strings.Contains(r.out+r.err, want) {
			t.Errorf("inspect %s: %s", args, fmt.Sprintf("got %d %s%s, want %s", r.code, r.out, r.err, want))
		}
	}
}
