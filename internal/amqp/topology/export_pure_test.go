package topology

// LacksStreams is lacksStreams.
var LacksStreams = lacksStreams

// ParseMismatch returns the argument that parseMismatch reads from err.
func ParseMismatch(err error) (name string, value any, ok bool) {
	m, ok := parseMismatch(err)
	return m.name, m.value, ok
}
