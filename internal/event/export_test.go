package event

// WithMembers returns a Decoder that uses another Directory and shares the remembered
// names with d; only one of the two may be used at a time. Allocating the names takes
// longer than decoding a message.
func (d *Decoder) WithMembers(members Directory) *Decoder {
	n := newDecoder(d.maxBody, members)
	n.names = d.names
	return n
}
