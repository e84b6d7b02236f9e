package scan

// Member is a key of an object and its value.
type Member struct {
	// Name is the key without quotes and escapes. An unpaired surrogate is replaced
	// by U+FFFD. It shares memory with the text unless it had escapes.
	Name []byte

	text   []byte // key, colon and value as written, and the white space between them
	keyLen int    // length of the key with its quotes
	from   int    // offset of the value in text
}

// newMember returns the member that is written as text. escaped reports whether the
// key has escapes.
func newMember(text []byte, keyLen, from int, escaped bool) Member {
	name := text[1 : keyLen-1]
	if escaped {
		name, _ = unescape(text[:keyLen])
	}
	return Member{Name: name, text: text, keyLen: keyLen, from: from}
}

// Value returns the value as written, without white space around it.
func (m *Member) Value() []byte { return m.text[m.from:] }

// AppendTo appends the member, without white space, to the object that dst ends in.
func (m *Member) AppendTo(dst []byte) []byte {
	value := m.Value()
	if m.from == m.keyLen+1 && IsScalar(value) { // there is no white space in it
		return append(appendComma(dst), m.text...)
	}
	return appendCompact(m.AppendKeyTo(dst), value)
}

// AppendKeyTo appends the key as written and a colon to the object that dst ends in.
func (m *Member) AppendKeyTo(dst []byte) []byte {
	return append(append(appendComma(dst), m.text[:m.keyLen]...), ':')
}

// AppendKey appends the key name and a colon to the object that dst ends in. The
// object must not have a key of that name, and name must not need escapes.
func AppendKey(dst []byte, name string) []byte {
	dst = append(appendComma(dst), '"')
	dst = append(dst, name...)
	return append(dst, `":`...)
}

// appendComma appends a comma to the object that dst ends in, unless it is empty.
func appendComma(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

// appendCompact appends a valid value without the white space outside strings.
func appendCompact(dst, value []byte) []byte {
	if IsScalar(value) {
		return append(dst, value...)
	}
	s := scanner{text: value}
	for at := 0; at < len(value); {
		switch c := value[at]; {
		case c == '"':
			end, _ := s.string(at)
			dst = append(dst, value[at:end]...)
			at = end
		case isSpace(c):
			at++
		default:
			dst = append(dst, c)
			at++
		}
	}
	return dst
}
