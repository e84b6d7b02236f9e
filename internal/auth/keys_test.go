package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"ranger/internal/auth"
)

// spellings are the valid forms of one PEM text.
var spellings = map[string]func(string) string{
	"PEM":                         func(s string) string { return s },
	"PEM without a last newline":  strings.TrimSpace,
	"PEM with written newlines":   func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) },
	"PEM with DOS newlines":       func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"PEM after a comment":         func(s string) string { return "# from Barong\n" + s },
	"standard Base64":             func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"standard Base64, not padded": func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"URL-safe Base64":             func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"URL-safe Base64, not padded": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"standard Base64, all its characters": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(s + "# ???>>>\n"))
	},
	"URL-safe Base64, all its characters": func(s string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(s + "# ???>>>\n"))
	},
	"Base64 in lines of 76": func(s string) string { return wrap(base64.StdEncoding.EncodeToString([]byte(s)), 76, "\n") },
	"Base64 in lines of 60": func(s string) string { return wrap(base64.StdEncoding.EncodeToString([]byte(s)), 60, "\r\n  ") },
	"Base64 of DOS newlines": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(s, "\n", "\r\n")))
	},
	"Base64 without the last newline": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.TrimSpace(s)))
	},
}

func wrap(s string, width int, newline string) string {
	var b strings.Builder
	for len(s) > width {
		b.WriteString(s[:width] + newline)
		s = s[width:]
	}
	return b.String() + s + newline
}

// publicForms returns one RSA key in each type of PEM block.
func publicForms(tb testing.TB) map[string]string {
	tb.Helper()
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(keyOf(tb, "RS256", "a").private))
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "barong"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		tb.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return map[string]string{
		"PUBLIC KEY":     keyOf(tb, "RS256", "a").public,
		"RSA PUBLIC KEY": block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)),
		"CERTIFICATE":    block("CERTIFICATE", cert),
	}
}

func TestParsePublicKeys_AcceptsEveryForm(t *testing.T) {
	want := publicKeys(t, keyOf(t, "RS256", "a").public)
	for form, text := range publicForms(t) {
		for spelling, spell := range spellings {
			t.Run(form+" as "+spelling, func(t *testing.T) {
				got, err := auth.ParsePublicKeys(spell(text))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("keys (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestParsePublicKeys_FindsAllOfSeveral(t *testing.T) {
	a, b := keyOf(t, "ES256", "a").public, keyOf(t, "EdDSA", "b").public
	want := publicKeys(t, a, b)
	for spelling, spell := range spellings {
		texts := map[string]string{"in one": spell(a + b)}
		if strings.Contains(spelling, "PEM") {
			texts["in a row"] = strings.TrimSpace(spell(a)) + "\n" + spell(b)
			texts["in a row, with a written newline"] = strings.TrimSpace(spell(a)) + `\n` + spell(b)
		} else {
			for name, separator := range map[string]string{
				"comma": ",", "space": " ", "newline": "\n", "tab": "\t", "comma and space": " , ", "commas": ",,",
			} {
				texts["separated by "+name] = spell(a) + separator + spell(b)
			}
		}
		for name, text := range texts {
			t.Run(spelling+" "+name, func(t *testing.T) {
				got, err := auth.ParsePublicKeys(text)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("keys (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestParsePublicKeys_RefusesWithoutQuotingTheKey(t *testing.T) {
	rsaKey, ecKey := keyOf(t, "RS256", "a"), keyOf(t, "ES256", "a")
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	lines := strings.Split(ecKey.public, "\n")
	tests := []struct {
		name, text, want string
	}{
		{"empty", "", "must not be empty"},
		{"blank", " \n\t", "must not be empty"},
		{"only written newlines", `\n\n`, "must not be empty"},
		{"commas", ",,", "must not be empty"},
		{"a private RSA key", rsaKey.private, "give the public key"},
		{"a private key", ecKey.private, "give the public key"},
		{"a private key in Base64", b64(rsaKey.private), "give the public key"},
		{"a private key after a public one", rsaKey.public + rsaKey.private, "PEM block 2 of 2, RSA PRIVATE KEY: must not be a private key"},
		{"a private key after a public one in Base64", b64(rsaKey.public) + "," + b64(rsaKey.private), "give the public key"},
		{"another block", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "must be a PUBLIC KEY"},
		{"a block of junk", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PEM block 1 of 1, PUBLIC KEY"},
		{"a certificate of junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "PEM block 1 of 1, CERTIFICATE"},
		{"no END line", strings.Join(lines[:len(lines)-2], "\n"), "0 of 1 PEM blocks"},
		{"the second without an END line", rsaKey.public + strings.Join(lines[:len(lines)-2], "\n"), "1 of 2 PEM blocks"},
		{"spaces for newlines", strings.ReplaceAll(ecKey.public, "\n", " "), `may be written as \n`},
		{"only the body", strings.Join(lines[1:len(lines)-2], ""), "Base64, but not of PEM"},
		{"no Base64", "config/rsa-key.pub", "neither PEM nor Base64"},
		{"Base64 of words", b64("a public key"), "Base64, but not of PEM"},
		{"valid, then junk", b64(ecKey.public) + ",!", "part 2"},
		{"valid, then a word", b64(ecKey.public) + " junk!", "part 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			keys, err := auth.ParsePublicKeys(test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %d keys and error %v, want an error with %q", len(keys), err, test.want)
			}
			if len(lines[1]) > 20 && strings.Contains(err.Error(), lines[1][:20]) {
				t.Errorf("got an error that contains the key: %v", err)
			}
		})
	}
}

// Every key is used; a removed one is not, and an invalid set changes nothing.
func TestSetKeys_ReplacesAllKeysOrNone(t *testing.T) {
	a, b := keyOf(t, "ES256", "a"), keyOf(t, "ES256", "b")
	tokenA := sign(t, newSigner(t, "ES256", a.private), auth.Claims{UID: "ID1"})
	tokenB := sign(t, newSigner(t, "ES256", b.private), auth.Claims{UID: "ID1"})
	v := start(t, auth.Config{Algorithm: "ES256", Keys: publicKeys(t, a.public)})
	check := func(step string, wantA, wantB auth.Reason) {
		t.Helper()
		if got := reasonOf(t, v, tokenA); got != wantA {
			t.Errorf("%s: the first key's token: got reason %q, want %q", step, got, wantA)
		}
		if got := reasonOf(t, v, tokenB); got != wantB {
			t.Errorf("%s: the second key's token: got reason %q, want %q", step, got, wantB)
		}
	}
	check("at first", "", auth.BadSignature)
	if err := v.SetKeys(publicKeys(t, a.public, b.public)); err != nil {
		t.Fatal(err)
	}
	check("with both", "", "")
	if err := v.SetKeys(publicKeys(t, b.public)); err != nil {
		t.Fatal(err)
	}
	check("with the new one", auth.BadSignature, "")
	if err := v.SetKeys(nil); err == nil {
		t.Error("SetKeys without keys: got no error")
	}
	if err := v.SetKeys(publicKeys(t, a.public, keyOf(t, "RS256", "a").public)); err == nil {
		t.Error("SetKeys with an unsuitable key: got no error")
	}
	check("after errors", auth.BadSignature, "")
}

func TestSetKeys_FailsForAlgorithmWithSecret(t *testing.T) {
	v := start(t, configFor(t, "HS256"))
	err := v.SetKeys(publicKeys(t, keyOf(t, "RS256", "a").public))
	if err == nil || !strings.Contains(err.Error(), "not public keys") {
		t.Errorf("got error %v, want one with \"not public keys\"", err)
	}
	if got := reasonOf(t, v, sign(t, signerFor(t, "HS256"), auth.Claims{UID: "ID1"})); got != "" {
		t.Errorf("got reason %q after the error, want none", got)
	}
}

func TestVerify_AcceptsShortRSAKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	token := sign(t, newSigner(t, "RS256", text), auth.Claims{UID: "ID1"})
	public := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)})
	if got := reasonOf(t, start(t, auth.Config{Keys: publicKeys(t, string(public))}), token); got != "" {
		t.Errorf("got reason %q, want none", got)
	}
}
