package barong

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Refusal is an answer in the form of the API that was asked: of 4xx, or of 500 and
// 503 where tokens cannot be signed or checked.
type Refusal struct {
	Status int
	Body   any // becomes JSON
}

// Write answers with the refusal.
func (r *Refusal) Write(w http.ResponseWriter) { writeJSON(w, r.Status, r.Body) }

// writeJSON answers with body as JSON, and without a body where it is nil.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store") // tokens and secrets
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // an error is the connection's
}

// refuse1 refuses as Barong 1.8 does, in words.
func refuse1(status int, text string) *Refusal {
	return &Refusal{status, map[string]string{"error": text}}
}

// refuse2 refuses as Barong and Peatio 2.x do, by codes.
func refuse2(status int, codes ...string) *Refusal {
	return &Refusal{status, map[string][]string{"errors": codes}}
}

// dialect is whose API it is, and so the form of its refusals.
type dialect uint8

const (
	barong1 dialect = iota // {"error":"…"}
	barong2                // {"errors":["…"]}, Peatio 2.x too
	peatio1                // {"error":{"code":2001,"message":"…"}}
)

// dialectOf tells the dialect of a path.
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

// refuse returns a refusal by code or in words, whichever the dialect has.
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

// faults returns a refusal that names the parameters that are not as they must be,
// nil where there are none. Module begins the codes of 2.x.
func (d dialect) faults(faults []fault, module string) *Refusal {
	if len(faults) == 0 {
		return nil
	}
	var codes, texts []string
	for _, f := range faults {
		codes = append(codes, module+"."+f.wrong+"_"+f.name)
		texts = append(texts, spoken(f.name)+" is "+f.wrong)
	}
	if d == barong2 {
		return refuse2(http.StatusUnprocessableEntity, codes...)
	}
	return refuse1(http.StatusBadRequest, strings.Join(texts, ", "))
}

// spoken returns what Barong 1.8 calls a parameter in its errors.
func spoken(name string) string {
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
