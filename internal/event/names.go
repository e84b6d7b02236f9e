package event

import "hash/maphash"

// nameSlots is the maximum number of names that a Decoder remembers: 256 KiB of slots.
const nameSlots = 1 << 14

// names remembers recent uids and member ids, so that a name that recurs is not copied
// each time. Each name has one slot, which a later name may take over. A nil *names
// remembers nothing.
type names struct {
	seed  maphash.Seed
	slots [nameSlots]string
}

func newNames() *names { return &names{seed: maphash.MakeSeed()} }

// of returns text as a string that does not share memory with it.
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
