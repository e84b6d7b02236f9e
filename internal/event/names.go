package event

import "hash/maphash"

// nameSlots is how many names a Decoder remembers at most: 256 KiB of slots.
const nameSlots = 1 << 14

// names remembers uids and member ids met of late, so that those that come again
// and again are not copied each time. Each name has one slot, which it may have to
// give up to another. The nil names remembers nothing.
type names struct {
	seed  maphash.Seed
	slots [nameSlots]string
}

func newNames() *names { return &names{seed: maphash.MakeSeed()} }

// of returns text as a string of its own.
func (n *names) of(text []byte) string {
	if n == nil || len(text) > MaxUID {
		return string(text)
	}
	slot := &n.slots[maphash.Bytes(n.seed, text)%nameSlots]
	if *slot != string(text) {
		*slot = string(text)
	}
	return *slot
}
