package event

import "hash/crc32"

// Check returns the CRC-32C (Castagnoli, RFC 3720 appendix B.4) of a message's
// body.
func Check(body []byte) uint32 { return AddToCheck(0, body) }

// AddToCheck returns the Check of a body that consists of a beginning, with the given
// check, and part.
func AddToCheck(check uint32, part []byte) uint32 {
	return crc32.Update(check, crc32.MakeTable(crc32.Castagnoli), part)
}
