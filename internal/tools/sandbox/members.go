package sandbox

import (
	"context"
	"maps"
	"strconv"

	"ranger/internal/event"
)

// memberIDs are the users' ids in the database that a Peatio would have.
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

// ByMemberID returns a publish that names users by member ids in the headers, as an
// unmodified Peatio does, instead of by uids.
func ByMemberID(publish func(context.Context, event.Delivery) error) func(context.Context, event.Delivery) error {
	ids := memberIDs()
	return func(ctx context.Context, d event.Delivery) error {
		headers := maps.Clone(d.Headers)
		for _, who := range []string{"member", "ask_member", "bid_member"} {
			uid, ok := headers[who+"_uid"].(string)
			if id, known := ids[event.UID(uid)]; ok && known {
				delete(headers, who+"_uid")
				headers[who+"_id"] = id
			}
		}
		d.Headers = headers
		return publish(ctx, d)
	}
}
