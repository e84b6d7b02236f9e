package sandbox

import (
	"io"
	"net"
	"text/template"
)

// Welcome writes what a user can do, with commands to paste, for a sandbox that listens
// on address.
func Welcome(w io.Writer, address string, rabbitmq bool) error {
	if host, port, _ := net.SplitHostPort(address); net.ParseIP(host).IsUnspecified() {
		address = "localhost:" + port
	}
	data := struct {
		URL, Host string
		RabbitMQ  bool
		Users     any
	}{"http://" + address, address, rabbitmq, users()}
	return template.Must(template.New("").Parse(welcome)).Execute(w, data)
}

const welcome = `
ranger sandbox: a toy exchange with ranger inside. It is not a real exchange: the money
is not real, the passwords are public, and nothing is stored when it ends.
{{if .RabbitMQ}}Its events pass through RabbitMQ; it refuses sockets while RabbitMQ cannot be read.
{{end}}
  Open   {{.URL}}/

Users:
{{range .Users}}
  {{.Email}}   password {{.Password}}   uid {{.UID}}
  TOTP secret {{.TOTPSecret}} (or ask: curl -s {{$.URL}}/sandbox/totp/{{.Email}})
{{end}}
{{with index .Users 0}}In a shell, in each of two terminals, log in as {{.Email}}:

  TOKEN=$(curl -s {{$.URL}}/api/v1/sessions -H 'Content-Type: application/json' \
    -d "{\"email\":\"{{.Email}}\",\"password\":\"{{.Password}}\",\"application_id\":\"sandbox\",\"otp_code\":\"$(curl -s {{$.URL}}/sandbox/totp/{{.Email}})\"}" | tr -d '"')
{{end}}
In one, open a socket:

  npx wscat -c ws://{{.Host}} -H "Authorization: Bearer $TOKEN"

In the other, place an order; the socket receives it and its trades:

  curl -s {{.URL}}/api/v2/orders -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
    -d '{"market":"btcusd","side":"buy","volume":"0.01","price":"70000"}'

Press Ctrl-C to end it.
`
