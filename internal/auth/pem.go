package auth

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	pemBegin       = "-----BEGIN"
	pemBeginBase64 = "LS0tLS1CRUdJ" // of the first nine bytes of pemBegin, in either alphabet
)

// readPEM returns the PEM blocks in text, which must be either
//   - consecutive PEM blocks, in which the characters \n or \r\n are a newline; other
//     text between blocks is ignored, as PEM allows; or
//   - Base64 of such text, standard or URL-safe, padded or not; several are separated by
//     commas or white space. A word that does not begin like a PEM block in Base64
//     continues the word before it: Base64 wrapped over lines.
//
// It returns at least one block, or an error.
func readPEM(text string) ([]*pem.Block, error) {
	// Editors and environment files may add a byte order mark or quotes.
	text = strings.Trim(text, "\ufeff\"' \t\r\n")
	text = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n").Replace(text)
	switch {
	case text == "":
		return nil, errors.New("must not be empty")
	case strings.Contains(text, pemBegin):
		return readBlocks(text)
	}
	var blocks []*pem.Block
	for i, part := range splitBase64(text) {
		decoded, err := decodeBase64(part)
		if err != nil {
			return nil, fmt.Errorf("part %d: neither PEM nor Base64 of PEM: %w", i+1, err)
		}
		if !strings.Contains(decoded, pemBegin) {
			return nil, fmt.Errorf("part %d: Base64, but not of PEM: encode the whole file with its BEGIN and END lines", i+1)
		}
		inner, err := readBlocks(decoded)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
		blocks = append(blocks, inner...)
	}
	if len(blocks) == 0 {
		return nil, errors.New("must not be empty")
	}
	return blocks, nil
}

// readBlocks returns every PEM block. A damaged block, which encoding/pem skips, is an
// error: a key must not be ignored silently.
func readBlocks(text string) ([]*pem.Block, error) {
	var blocks []*pem.Block
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		blocks = append(blocks, block)
	}
	if begun := strings.Count(text, pemBegin); begun != len(blocks) {
		return nil, fmt.Errorf("only %d of %d PEM blocks are valid: each needs complete BEGIN and END lines and its line breaks, which may be written as \\n",
			len(blocks), begun)
	}
	return blocks, nil
}

// splitBase64 splits text into Base64 texts and removes the line breaks in each.
func splitBase64(text string) []string {
	var parts []string
	for list := range strings.SplitSeq(text, ",") {
		for i, word := range strings.Fields(list) {
			if i == 0 || strings.HasPrefix(word, pemBeginBase64) {
				parts = append(parts, word)
			} else {
				parts[len(parts)-1] += word
			}
		}
	}
	return parts
}

// decodeBase64 decodes standard or URL-safe Base64, padded or not.
func decodeBase64(text string) (string, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	return string(decoded), err
}
