package event

import "strconv"

// Directory turns Peatio's member ids into uids, from memory alone. Decode asks
// it by an id's canonical text: an integer as decimal digits, with a minus in
// front where it is negative; a string of digits as it is. It is used from the
// goroutines that call Decode.
type Directory interface {
	UID(member string) (UID, bool)
}

// resolve returns the owner with that member id. What members knows is the owner
// as if the uid had stood in the id's place; a uid that breaks the rules of
// ParseUID is not known, nor is any where members is nil.
func resolve(members Directory, id string) owner {
	if members != nil {
		if uid, ok := members.UID(id); ok {
			if uid, ok := ParseUID(string(uid)); ok {
				return owner{uid: uid}
			}
		}
	}
	return owner{unrouted: UnknownMember, member: id}
}

// integerID returns the canonical text of an integer of a header, of any of the
// types that amqp091-go gives one. It reports false where v is none.
func integerID(v any) (string, bool) {
	switch v := v.(type) {
	case int8:
		return strconv.FormatInt(int64(v), 10), true
	case uint8:
		return strconv.FormatUint(uint64(v), 10), true
	case int16:
		return strconv.FormatInt(int64(v), 10), true
	case uint16:
		return strconv.FormatUint(uint64(v), 10), true
	case int32:
		return strconv.FormatInt(int64(v), 10), true
	case uint32:
		return strconv.FormatUint(uint64(v), 10), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case int:
		return strconv.Itoa(v), true
	}
	return "", false
}
