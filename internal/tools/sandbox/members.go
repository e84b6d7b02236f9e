package sandbox

import (
	"context"
	"maps"
	"strconv"

	"ranger/internal/event"
)

// memberIDs returns the users' ids in Peatio's database, made up.
func memberIDs() map[event.UID]int64 {
	ids := map[event.UID]int64{makerUID: 3, takerUID: 4}
	for i, u := range users() {
		ids[u.UID] = int64(i) + 1
	}
	return ids
}

// Members returns the users' uids by their member ids, for a member directory.
func Members() map[string]event.UID {
	members := make(map[string]event.UID)
	for uid, id := range memberIDs() {
		members[strconv.FormatInt(id, 10)] = uid
	}
	return members
}

// ByMemberID returns a publish function that replaces uids in the headers by member ids,
// as an unmodified Peatio does.
func ByMemberID(publish func(context.Context, event.Delivery) error) func(context.Context, event.Delivery) error {
	ids := memberIDs()
	return func(ctx context.Context, d event.Delivery) error {
		headers := maps.Clone(d.Headers)
		for _, party := range []string{"member", "ask_member", "bid_member"} {
			uid, ok := headers[party+"_uid"].(string)
			if id, known := ids[event.UID(uid)]; ok && known {
				delete(headers, party+"_uid")
				headers[party+"_id"] = id
			}
		}
		d.Headers = headers
		return publish(ctx, d)
	}
}
