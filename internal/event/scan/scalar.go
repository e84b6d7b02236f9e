package scan

import (
	"encoding/binary"
	"math/bits"
)

// string skips a string. escaped reports whether it contains an escape.
func (s *scanner) string(at int) (end int, escaped bool) {
	if !s.is('"', at) {
		return bad, false
	}
	for at = plainEnd(s.text, at+1); at < len(s.text); at = plainEnd(s.text, at) {
		switch s.text[at] {
		case '"':
			return at + 1, escaped
		case '\\':
			n := escapeLen(s.text[at:])
			if n == 0 {
				return bad, true
			}
			at, escaped = at+n, true
		default:
			return bad, escaped
		}
	}
	return bad, escaped
}

// plainEnd returns the offset of the first quote, backslash or control character at
// or after at, or the length of text. It tests eight bytes at a time: in each of the
// three tests the lowest byte whose highest bit remains set is a match (a carry may
// also set the bit in bytes above it).
func plainEnd(text []byte, at int) int {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	for ; at+8 <= len(text); at += 8 {
		x := binary.LittleEndian.Uint64(text[at:])
		quote, backslash := x^ones*'"', x^ones*'\\'
		if found := ((x-ones*' ')&^x | (quote-ones)&^quote | (backslash-ones)&^backslash) & high; found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(text) && text[at] != '"' && text[at] != '\\' && text[at] >= ' ' {
		at++
	}
	return at
}

// literal skips word.
func (s *scanner) literal(at int, word string) int {
	end := at + len(word)
	if end > len(s.text) || string(s.text[at:end]) != word {
		return bad
	}
	return end
}

// number skips a number.
func (s *scanner) number(at int) int {
	if s.is('-', at) {
		at++
	}
	if s.is('0', at) {
		at++
	} else if at = s.digits(at); at == bad {
		return bad
	}
	if s.is('.', at) {
		if at = s.digits(at + 1); at == bad {
			return bad
		}
	}
	if s.is('e', at) || s.is('E', at) {
		at++
		if s.is('+', at) || s.is('-', at) {
			at++
		}
		return s.digits(at)
	}
	return at
}

// digits skips one or more digits.
func (s *scanner) digits(at int) int {
	from := at
	for at < len(s.text) && isDigit(s.text[at]) {
		at++
	}
	if at == from {
		return bad
	}
	return at
}

// isDigit reports whether c is a digit in JSON.
func isDigit(c byte) bool {
	return '0' <= c && c <= '9'
}
