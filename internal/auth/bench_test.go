package auth_test

import (
	"testing"
	"time"

	"ranger/internal/auth"
)

// BenchmarkVerify measures one caller and one worker, including the hand-over.
func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range auth.Algorithms() {
		b.Run(algorithm, func(b *testing.B) {
			cfg := configFor(b, algorithm)
			cfg.Workers = 1
			v := start(b, cfg)
			token := sign(b, signerFor(b, algorithm), auth.Claims{
				UID: "ID092B2AF8E87", Email: "test@gmail.com", Lifetime: time.Hour,
			})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token, peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRefuse measures tokens of a client without a valid key.
func BenchmarkRefuse(b *testing.B) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		b.Run(algorithm, func(b *testing.B) {
			cfg := configFor(b, algorithm)
			cfg.Workers = 1
			v := start(b, cfg)
			token := sign(b, newSigner(b, algorithm, keyOf(b, algorithm, "b").private), auth.Claims{UID: "ID1"})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token, peer); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
