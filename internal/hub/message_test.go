package hub_test

import (
	"strings"
	"testing"
)

// One message on a new socket, and its answer.
func TestMessage_Replies(t *testing.T) {
	deep := strings.Repeat("[", 8000) + strings.Repeat("]", 8000)
	for name, c := range map[string]struct{ message, want string }{
		"bearer":                       {`{"jwt":"Bearer alice"}`, authenticated},
		"several spaces":               {`{"jwt":"Bearer    alice"}`, authenticated},
		"escaped":                      {`{"\u006awt":"Bearer\u0020\u0061lice"}`, authenticated},
		"white space around":           {" \r\n{\t\"jwt\" : \"Bearer alice\" }\n", authenticated},
		"other keys before":            {`{"resumed":true,"n":[1,{"jwt":2}],"jwt":"Bearer alice"}`, authenticated},
		"other keys after":             {`{"jwt":"Bearer alice","x":null,"y":1e999}`, authenticated},
		"wrong case too":               {`{"JWT":"x","jwt":"Bearer alice","Jwt":1}`, authenticated},
		"deep value too":               {`{"x":` + deep + `,"jwt":"Bearer alice"}`, authenticated},
		"duplicate, good last":         {`{"jwt":"Bearer bad","jwt":"Bearer alice"}`, authenticated},
		"duplicate, null first":        {`{"jwt":null,"jwt":"Bearer alice"}`, authenticated},
		"duplicate, bad last":          {`{"jwt":"Bearer alice","jwt":"Bearer bad"}`, refused},
		"duplicate, null last":         {`{"jwt":"Bearer alice","jwt":null}`, noBearer},
		"duplicate, object last":       {`{"jwt":"Bearer alice","jwt":{}}`, noBearer},
		"bad token":                    {`{"jwt":"Bearer bad"}`, refused},
		"verifier out of order":        {`{"jwt":"Bearer broken"}`, badMessage},
		"no key":                       {`{}`, noBearer},
		"only other keys":              {`{"ping":1}`, noBearer},
		"wrong case":                   {`{"JWT":"Bearer alice"}`, noBearer},
		"title case":                   {`{"Jwt":"Bearer alice"}`, noBearer},
		"null":                         {`{"jwt":null}`, noBearer},
		"true":                         {`{"jwt":true}`, noBearer},
		"number":                       {`{"jwt":12}`, noBearer},
		"number beyond a float":        {`{"jwt":1e999}`, noBearer},
		"array":                        {`{"jwt":["Bearer alice"]}`, noBearer},
		"object":                       {`{"jwt":{"Bearer":"alice"}}`, noBearer},
		"deep":                         {`{"jwt":` + deep + `}`, noBearer},
		"empty string":                 {`{"jwt":""}`, noBearer},
		"only bearer":                  {`{"jwt":"Bearer"}`, noBearer},
		"bearer and a space":           {`{"jwt":"Bearer "}`, noBearer},
		"bearer and spaces":            {`{"jwt":"Bearer    "}`, noBearer},
		"no bearer":                    {`{"jwt":"alice"}`, noBearer},
		"other type":                   {`{"jwt":"Basic alice"}`, noBearer},
		"lower case":                   {`{"jwt":"bearer alice"}`, noBearer},
		"upper case":                   {`{"jwt":"BEARER alice"}`, noBearer},
		"longer word":                  {`{"jwt":"Bearers alice"}`, noBearer},
		"no space":                     {`{"jwt":"Beareralice"}`, noBearer},
		"two words":                    {`{"jwt":"Bearer alice bob"}`, noBearer},
		"trailing space":               {`{"jwt":"Bearer alice "}`, noBearer},
		"trailing newline":             {`{"jwt":"Bearer alice\n"}`, noBearer},
		"leading space":                {`{"jwt":" Bearer alice"}`, noBearer},
		"tab between":                  {`{"jwt":"Bearer\talice"}`, noBearer},
		"tab after a space":            {`{"jwt":"Bearer \talice"}`, noBearer},
		"tab within":                   {`{"jwt":"Bearer alice\tbob"}`, noBearer},
		"no-break space within":        {"{\"jwt\":\"Bearer alice\u00a0bob\"}", noBearer},
		"empty":                        {``, badMessage},
		"white space":                  {`  `, badMessage},
		"not JSON":                     {`{"jwt":"Bearer alice"`, badMessage},
		"two texts":                    {`{"jwt":"Bearer alice"}{}`, badMessage},
		"trailing comma":               {`{"jwt":"Bearer alice",}`, badMessage},
		"single quotes":                {`{'jwt':'Bearer alice'}`, badMessage},
		"raw tab in a string":          {"{\"jwt\":\"Bearer\talice\"}", badMessage},
		"invalid escape":               {`{"jwt":"Bearer \x61lice"}`, badMessage},
		"byte order mark":              {"\ufeff" + `{"jwt":"Bearer alice"}`, badMessage},
		"an array":                     {`["jwt","Bearer alice"]`, badMessage},
		"a number":                     {`42`, badMessage},
		"a string":                     {`"Bearer alice"`, badMessage},
		"a null":                       {`null`, badMessage},
		"a boolean":                    {`true`, badMessage},
		"a token without anything":     {`Bearer alice`, badMessage},
		"8000 levels":                  {deep, badMessage},
		"8000 levels that do not end":  {strings.Repeat(`{"jwt":`, 2000), badMessage},
		"16 KiB to the byte":           {strings.Repeat(" ", 16<<10-2) + "{}", noBearer},
		"a NUL":                        {"\x00", badMessage},
		"a lone surrogate in the type": {`{"jwt":"\ud800Bearer alice"}`, noBearer},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, setup{}, func(_ *testing.T, s *server) {
				s.answers(c.message, c.want)
			})
		})
	}
}

// answers sends a message on a new socket, which then still works.
func (s *server) answers(message, want string) {
	s.tb.Helper()
	s.dial().talk([2]string{message, want}, [2]string{"ping", "pong"})
}

func TestMessage_BinaryIsRefused(t *testing.T) {
	for _, message := range []string{"", "ping", `{"jwt":"Bearer alice"}`, "\xff\xfe"} {
		bubble(t, setup{}, func(_ *testing.T, s *server) {
			c := s.dial()
			c.send(masked(final|opBinary, message))
			c.want(badMessage)
			s.wantSockets(1, 0)
		})
	}
}

// A lone surrogate cannot be written in UTF-8: the verifier gets U+FFFD.
func TestMessage_LoneSurrogateBecomesU_FFFD(t *testing.T) {
	bubble(t, setup{}, func(_ *testing.T, s *server) {
		c := s.dial()
		c.say(`{"jwt":"Bearer alice\ud800"}`)
		c.want(authenticated)
		s.publish("alice\ufffd", "1")
		c.want("1")
	})
}
