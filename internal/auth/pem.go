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
	pemBeginBase64 = "LS0tLS1CRUdJ" // of its first nine bytes, in either alphabet
)

// readPEM returns the PEM blocks in text, which is either
//   - PEM blocks in a row, where a written \n or \r\n is a newline; other text between them
//     is passed over, as PEM has it; or
//   - Base64 of such, standard or URL-safe, padded or not. Commas part several.
//     White space parts them too, but where a word does not begin as a PEM block
//     does in Base64, it goes on with the one before it: Base64 wrapped over lines.
//
// There is at least one block, or an error.
func readPEM(text string) ([]*pem.Block, error) {
	// What editors and environment files leave around it: a byte order mark, quotes.
	text = strings.Trim(text, "\ufeff\"' \t\r\n")
	text = strings.NewReplacer(`\r\n`, "\n", `\n`, "\n").Replace(text)
	switch {
	case text == "":
		return nil, errors.New("it is empty")
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
			return nil, fmt.Errorf("part %d: Base64, but of no PEM: encode the whole file with its BEGIN and END lines", i+1)
		}
		inner, err := readBlocks(decoded)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", i+1, err)
		}
		blocks = append(blocks, inner...)
	}
	if len(blocks) == 0 {
		return nil, errors.New("it is empty but for commas")
	}
	return blocks, nil
}

// readBlocks returns every PEM block. A damaged one, which encoding/pem would pass
// over, is an error: a key must not go missing unseen.
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
		return nil, fmt.Errorf("%d of %d PEM blocks can be read: each needs its BEGIN and END lines whole, and its line breaks, which may be written as \\n",
			len(blocks), begun)
	}
	return blocks, nil
}

// splitBase64 parts several Base64 texts, and takes the line breaks out of each.
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

// decodeBase64 takes either alphabet, padded or not.
func decodeBase64(text string) (string, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	return string(decoded), err
}
