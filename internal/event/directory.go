package event

// Directory maps Peatio's member ids to uids. It must answer from memory, without
// blocking. Decode passes the canonical text of an id: an integer as decimal digits,
// with a minus sign if it is negative; a string of digits as it is. It is called by the
// goroutines that call Decode.
type Directory interface {
	UID(member string) (UID, bool)
}

// resolve returns the owner with that member id. The id is unknown if the Directory
// does not have it or its uid does not satisfy ParseUID.
func (d *Decoder) resolve(text []byte) owner {
	id := d.names.of(text)
	if d.members != nil {
		if uid, ok := d.members.UID(id); ok {
			if uid, ok := ParseUID(string(uid)); ok {
				return owner{uid: uid}
			}
		}
	}
	return owner{missing: UnknownMember, member: id}
}
