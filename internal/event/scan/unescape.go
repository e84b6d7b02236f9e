package scan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// escapeLen returns the length of the escape that text begins with, or 0 if it is
// not an escape of RFC 8259 §7.
func escapeLen(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := codeUnit(text); ok {
			return 6
		}
	}
	return 0
}

// codeUnit returns the UTF-16 code unit of the \uXXXX that text begins with.
func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range text[2:6] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}

// unescape returns the text of a valid JSON string, given with its quotes. whole is
// false if an escape is an unpaired surrogate, which is not a Unicode character; the
// text then has U+FFFD in its place. Without escapes the text is a part of quoted,
// and nothing is allocated.
func unescape(quoted []byte) (text []byte, whole bool) {
	in := quoted[1 : len(quoted)-1]
	i := bytes.IndexByte(in, '\\')
	if i < 0 {
		return in, true
	}
	whole = true
	out := make([]byte, 0, len(in))
	for i >= 0 {
		out = append(out, in[:i]...)
		in = in[i:]
		r, n := escaped(in)
		if n == 6 && utf16.IsSurrogate(r) {
			low, _ := codeUnit(in[6:])
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				whole = false
			} else {
				n = 12
			}
		}
		out = utf8.AppendRune(out, r)
		in = in[n:]
		i = bytes.IndexByte(in, '\\')
	}
	return append(out, in...), whole
}

// escaped returns the character or UTF-16 code unit of the valid escape that text
// begins with, and the escape's length.
func escaped(text []byte) (rune, int) {
	switch c := text[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		unit, _ := codeUnit(text)
		return unit, 6
	default:
		return rune(c), 2
	}
}
