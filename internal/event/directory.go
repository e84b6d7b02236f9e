package event

// Directory turns Peatio's member ids into uids, from memory alone. Decode asks
// it by an id's canonical text: an integer as decimal digits, with a minus in
// front where it is negative; a string of digits as it is. It is used from the
// goroutines that call Decode.
type Directory interface {
	UID(member string) (UID, bool)
}

// resolve returns the owner with that member id. What the Directory knows is the owner
// as if the uid had stood in the id's place; a uid that breaks the rules of
// ParseUID is not known.
func (d *Decoder) resolve(text []byte) owner {
	id := d.names.of(text)
	if d.members != nil {
		if uid, ok := d.members.UID(id); ok {
			if uid, ok := ParseUID(string(uid)); ok {
				return owner{uid: uid}
			}
		}
	}
	return owner{undelivered: UnknownMember, member: id}
}
