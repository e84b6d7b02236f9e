package scan

// IsNull reports whether a valid value is null or absent.
func IsNull(value []byte) bool {
	return len(value) == 0 || value[0] == 'n'
}

// IsScalar reports whether a valid value is neither an object nor an array.
func IsScalar(value []byte) bool {
	return value[0] != '{' && value[0] != '['
}

// String returns the text of a valid value that is a string. It reports false if the
// value is of another kind, or has an unpaired surrogate.
func String(value []byte) ([]byte, bool) {
	if value[0] != '"' {
		return nil, false
	}
	return unescape(value)
}

// Text returns the text of a valid scalar: a string without quotes and escapes, any
// other as it is written. It allocates nothing if there are no escapes.
func Text(scalar []byte) []byte {
	if scalar[0] != '"' {
		return scalar
	}
	text, _ := unescape(scalar)
	return text
}
