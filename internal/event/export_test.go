package event

// Anew returns a new Decoder that remembers the names that d does. One of them may be
// used at a time. Room for names takes longer to make than a message to decode.
func (d *Decoder) Anew(members Directory) *Decoder {
	a := newDecoder(d.maxBody, members)
	a.names = d.names
	return a
}
