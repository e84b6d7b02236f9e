package barong

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Refusal is an error response in the form of the requested API: 4xx, or 500 and 503 if
// tokens cannot be signed or verified.
type Refusal struct {
	Status int
	Body   any // becomes JSON
}

// Write writes the refusal.
func (r *Refusal) Write(w http.ResponseWriter) { writeJSON(w, r.Status, r.Body) }

// writeJSON writes body as JSON, or no body if it is nil.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store") // responses contain tokens and secrets
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // an error means that the client is gone
}

// refuse1 returns a refusal in the form of Barong 1.8: a text.
func refuse1(status int, text string) *Refusal {
	return &Refusal{status, map[string]string{"error": text}}
}

// refuse2 returns a refusal in the form of Barong and Peatio 2.x: codes.
func refuse2(status int, codes ...string) *Refusal {
	return &Refusal{status, map[string][]string{"errors": codes}}
}

// dialect is the API of a path, and thus the form of its refusals.
type dialect uint8

const (
	barong1 dialect = iota // {"error":"…"}
	barong2                // {"errors":["…"]}, Peatio 2.x too
	peatio1                // {"error":{"code":2001,"message":"…"}}
)

// dialectOf returns the dialect of a path.
func dialectOf(path string) dialect {
	switch {
	case strings.HasPrefix(path, "/api/v1/"):
		return barong1
	case strings.HasPrefix(path, "/api/v2/barong/"), strings.HasPrefix(path, "/api/v2/peatio/"), strings.HasPrefix(path, authzPath):
		return barong2
	case strings.HasPrefix(path, "/api/v2/"):
		return peatio1
	default:
		return barong1
	}
}

// refuse returns a refusal with the code or the text, whichever the dialect uses.
func (d dialect) refuse(status int, code, text string) *Refusal {
	switch d {
	case barong2:
		return refuse2(status, code)
	case peatio1:
		return &Refusal{status, map[string]any{"error": map[string]any{"code": 2001, "message": text}}}
	default:
		return refuse1(status, text)
	}
}

// faults returns a refusal that names the invalid parameters, or nil if there are none.
// module is the prefix of the codes of 2.x.
func (d dialect) faults(faults []fault, module string) *Refusal {
	if len(faults) == 0 {
		return nil
	}
	var codes, texts []string
	for _, f := range faults {
		codes = append(codes, module+"."+f.wrong+"_"+f.name)
		texts = append(texts, displayName(f.name)+" is "+f.wrong)
	}
	if d == barong2 {
		return refuse2(http.StatusUnprocessableEntity, codes...)
	}
	return refuse1(http.StatusBadRequest, strings.Join(texts, ", "))
}

// displayName returns the name of a parameter in the errors of Barong 1.8.
func displayName(name string) string {
	switch name {
	case "email":
		return "Email"
	case "password":
		return "Password"
	case "application_id":
		return "Application ID"
	case "kid":
		return "KID"
	case "jwt_token":
		return "JWT Token"
	default:
		return name
	}
}
